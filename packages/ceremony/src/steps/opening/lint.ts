import type { StepLint } from '../plan-progress.ts'

export const lints = {
  'make-ceremony-key': {
    uses: { token: true },
    check(_plan, _step, at, refuse) {
      if (at.ceremonyKey) refuse('PLAN-54', 'the ceremony key is made a second time')
    },
    change(_plan, _step, at) {
      at.ceremonyKey = true
    },
  },
  'open-run': {
    checkpoint: true,
    check(_plan, _step, at, refuse) {
      if (!at.ceremonyKey) refuse('PLAN-54', 'the run is opened with the ceremony key')
      if (at.opened) refuse('PLAN-55', 'the run is opened a second time')
    },
    change(_plan, _step, at) {
      at.opened = true
    },
  },
  checkpoint: { opening: true, checkpoint: true },
} satisfies Record<'make-ceremony-key' | 'open-run' | 'checkpoint', StepLint>
