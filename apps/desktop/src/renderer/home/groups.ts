import type { CeremonySummary } from '../../contract/index.ts'

const groups = ['under-way', 'to-hand-over', 'ended'] as const
export type Group = (typeof groups)[number]

const handedOver: ReadonlySet<string> = new Set(['sealed', 'exported', 'receipted'])

/** A ceremony in which nothing may happen any more has ended, whatever state it ended in: a rehearsal for no server ends sealed. */
export function groupOf({ over, state }: Pick<CeremonySummary, 'over' | 'state'>): Group {
  if (over) return 'ended'
  return handedOver.has(state) ? 'to-hand-over' : 'under-way'
}
