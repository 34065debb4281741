import { expect, test } from 'vitest'
import type { CeremonySummary, DraftSummary, SetupSummary } from '../../src/contract/index.ts'
import { nextOf } from '../../src/renderer/home/next-action.ts'

const run = (id: string, of: Partial<CeremonySummary> = {}): CeremonySummary => ({
  id,
  title: id,
  organisation: 'Meridian',
  domain: 'rehearsal',
  state: 'running',
  over: false,
  created: '2026-11-28T10:00:00.000Z',
  progress: { done: 3, total: 20 },
  at: null,
  actor: null,
  ...of,
})
const setup: SetupSummary = {
  id: 's',
  domain: 'production',
  title: 'Root 2026',
  changed: '2026-11-28T10:00:00.000Z',
  next: 'approve',
  signed: { given: 1, required: 2 },
  run: null,
}
const draft: DraftSummary = { id: 'd', title: 'Ours', changed: '', faults: 0, frozen: false }
const sealed = run('sealed', { state: 'sealed' })
const over = run('over', { state: 'closed', over: true })

test('HOME-NEXT a run under way comes before all else, a production run before a rehearsal', () => {
  const production = run('production', { domain: 'production' })
  expect(nextOf([run('rehearsal'), production, sealed], [setup], [draft])).toEqual({
    kind: 'go-on',
    run: production,
  })
})

test('HOME-NEXT then what is sealed, what is being set up, what is being designed, and else a start', () => {
  expect(nextOf([over, sealed], [setup], [draft])).toEqual({ kind: 'hand-over', run: sealed })
  expect(nextOf([over], [setup], [draft])).toEqual({ kind: 'prepare', setup })
  expect(nextOf([over], [], [draft])).toEqual({ kind: 'design', draft })
  expect(nextOf([over], [], [])).toEqual({ kind: 'start' })
})
