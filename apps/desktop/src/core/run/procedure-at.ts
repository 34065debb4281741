import type { ReplicationStep } from '@lux/hsm'
import { procedureOf } from './perform/replica.ts'
import type { RunFolder } from './run-folder.ts'

/** What people do with the vendor's own tool at the current step, and with which key and tokens; null at every other step. */
export type VendorWork = {
  readonly key: string
  readonly ckaId: string
  readonly from: string
  readonly to: string
  readonly steps: readonly ReplicationStep[]
}

export function vendorWorkAt(folder: RunFolder): VendorWork | null {
  const { state } = folder
  const progress = state.steps[state.current]
  const root = state.keys.find(({ id }) => id === progress?.step.key)
  if (progress?.step.do !== 'replicate-root' || root === undefined) return null
  const serialOf = (role: string) => state.tokens.find((token) => token.role === role)?.serial ?? ''
  const token = progress.step.token ?? 'ceremony'
  const from = serialOf(root.token)
  const to = serialOf(token)
  const { id: key, ckaId } = root
  const steps = procedureOf({ folder }, { token, serial: to, from: { serial: from }, ckaId, key: root })
  return { key, ckaId, from, to, steps }
}
