import type { ApprovalView, CeremonySummary, DraftSummary, SetupSummary } from '../../contract/index.ts'
import { groupOf } from './groups.ts'

/** Requests to decrypt that wait for somebody's word. */
export function awaited(requests: readonly ApprovalView[]): ApprovalView[] {
  return requests.filter(({ state }) => state === 'approving' || state === 'answering')
}

/** The one thing that Home asks for. */
export type NextAction =
  | { kind: 'go-on'; run: CeremonySummary }
  | { kind: 'hand-over'; run: CeremonySummary }
  | { kind: 'prepare'; setup: SetupSummary }
  | { kind: 'design'; draft: DraftSummary }
  | { kind: 'start' }

/** What people are in the middle of comes first, a production run before a rehearsal; then what waits to be handed over or prepared. */
export function nextOf(
  runs: readonly CeremonySummary[],
  setups: readonly SetupSummary[],
  drafts: readonly DraftSummary[],
): NextAction {
  const of = (group: string) =>
    runs
      .filter((one) => groupOf(one) === group)
      .toSorted((a, b) => Number(b.domain === 'production') - Number(a.domain === 'production'))
  const [underWay] = of('under-way')
  if (underWay !== undefined) return { kind: 'go-on', run: underWay }
  const [sealed] = of('to-hand-over')
  if (sealed !== undefined) return { kind: 'hand-over', run: sealed }
  const [setup] = setups
  if (setup !== undefined) return { kind: 'prepare', setup }
  const [draft] = drafts
  return draft === undefined ? { kind: 'start' } : { kind: 'design', draft }
}
