import type { EffectKind, EffectOf, Finding } from '@lux/ceremony'
import type { Perform, RunContext } from './context.ts'

/** All that core does for one kind of effect. */
export type Work<K extends EffectKind> = {
  perform: Perform<K>
  /** Looks for what an interrupted attempt left, on the token and on disk, and makes nothing. */
  look: (effect: EffectOf<K>, run: RunContext) => Promise<Finding> | Finding
  /** Cancel ends it at once, with nothing left behind. */
  stops?: true
}

export type Works<K extends EffectKind> = { readonly [Kind in K]: Work<Kind> }

export const leavesNothing = (): Finding => ({ found: 'absent', detail: 'this step leaves nothing behind' })

/** What the attempt kept on disk before its result was told. */
export function keptRecord(effect: EffectOf<'generate-key' | 'fhe-deal'>, run: RunContext): Finding {
  const record = run.folder.attempt(effect.kind, effect.step, effect.attempt)
  if (record === null)
    return { found: 'absent', detail: 'nothing was kept; a session object dies with its session' }
  return { found: 'adopted', result: record.part }
}
