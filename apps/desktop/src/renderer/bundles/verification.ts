import { create } from 'zustand'
import type { BundleSummary, Failure, VerifyView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { endWork } from '../stores/work.ts'

type Chosen = { readonly path: string | null; readonly policy: string | null }
type Verification = {
  chosen: Chosen
  busy: boolean
  result: VerifyView | null
  failure: Failure | null
}

const nothing: Verification = {
  chosen: { path: null, policy: null },
  busy: false,
  result: null,
  failure: null,
}

/** The bundle and the policy in hand, and what came of them. */
export const useVerification = create<Verification>(() => nothing)

/** A verdict is on one bundle by one policy: whatever else is chosen takes it away. */
export function choose(change: Partial<Chosen>): void {
  const { chosen } = useVerification.getState()
  useVerification.setState({ ...nothing, chosen: { ...chosen, ...change } })
}

export function forgetVerification(): void {
  useVerification.setState(nothing)
}

export async function verify(change: Partial<Chosen> = {}): Promise<void> {
  choose(change)
  const { chosen } = useVerification.getState()
  const { path, policy } = chosen
  if (path === null) return
  useVerification.setState({ busy: true })
  const answer = await call('bundles.verify', policy === null ? { path } : { path, policy })
  endWork(path)
  // What was chosen meanwhile is not what this is an answer to.
  if (useVerification.getState().chosen !== chosen) return
  useVerification.setState({
    busy: false,
    ...(answer.ok ? { result: answer.value } : { failure: answer.error }),
  })
}

/** A rehearsal's own policy judges that rehearsal and nothing else. */
export function heldPolicy(policy: string | null, bundles: readonly BundleSummary[]): string | null {
  return bundles.some((bundle) => bundle.policy === policy) ? null : policy
}
