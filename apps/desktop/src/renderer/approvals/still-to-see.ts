import type { ApprovalView } from '../../contract/index.ts'

/** What somebody has still to see before they answer for a simulated person. Combining answers decides nothing. */
export function stillToSee(
  { state }: Pick<ApprovalView, 'state'>,
  left: readonly string[],
): readonly string[] {
  return state === 'combining' ? [] : left
}
