import { create } from 'zustand'
import type { BundleSummary, Failure, VerifyView } from '../../contract/index.ts'
import { call, droppedPath } from '../client.ts'
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

/** A bundle is verified as it falls, by the policy that falls with it; a policy alone is what the next is verified by. */
export async function takeDropped(files: readonly File[]): Promise<void> {
  const policies = files.filter(({ name }) => name.endsWith('.json'))
  const others = files.filter((file) => !policies.includes(file))
  if (policies.length > 1 || others.length > 1) {
    choose({})
    const detail = files.map(({ name }) => name).join(', ')
    return useVerification.setState({ failure: { code: 'FILES-TOO-MANY', detail } })
  }
  const [policy, path] = await Promise.all(
    [policies, others].map(async ([file]) => (file === undefined ? null : droppedPath(file))),
  )
  if (policy) choose({ policy })
  if (path) await verify({ path })
}

/** A rehearsal's own policy judges that rehearsal and nothing else. */
export function heldPolicy(policy: string | null, bundles: readonly BundleSummary[]): string | null {
  return bundles.some((bundle) => bundle.policy === policy) ? null : policy
}
