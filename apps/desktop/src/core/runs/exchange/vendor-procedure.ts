import { existsSync } from 'node:fs'
import { isSpareStep, tokenOf } from '@lux/ceremony/plan'
import { profileById, type ReplicationStep } from '@lux/hsm'
import { vendorFile } from '../effects/attestation.ts'
import { procedureOf } from '../effects/replication.ts'
import type { RunFolder } from '../folder/run-folder.ts'

/** What people do with the vendor's own tool at the current step, and with which key and tokens; null at every other step. */
export type VendorWork = {
  readonly key: string
  readonly ckaId: string
  readonly from: string
  readonly to: string
  readonly steps: readonly ReplicationStep[]
}

/** A key that the vendor's tool attests, in the words of the token's profile, and where its file goes. */
export type VendorAttestation = {
  readonly profile: string
  readonly ckaId: string
  readonly how: string
  readonly file: string
}

/** What the vendor's tool attests at the current step; null at every other step. */
export function vendorAttestationAt(folder: RunFolder): VendorAttestation | null {
  const { state } = folder
  const progress = state.steps[state.current]
  if (progress?.step.do !== 'attest' || progress.step.by !== 'vendor' || state.domain === 'rehearsal')
    return null
  const named = tokenOf(state.plan, progress.step)?.profile ?? 'generic'
  const profile = profileById(named === 'measured' ? 'generic' : named)
  return {
    profile: profile?.id ?? 'generic',
    ckaId: state.ceremonyKey?.ckaId ?? '',
    how: profile?.attestation.how ?? '',
    file: vendorFile(folder.path, progress.step.id),
  }
}

/** The vendor's file that is not there yet: nobody proceeds without it, because a step that failed is for officers to decide. */
export function awaitedVendorFile(folder: RunFolder): string | null {
  const file = vendorAttestationAt(folder)?.file
  return file === undefined || existsSync(file) ? null : file
}

export function vendorWorkAt(folder: RunFolder): VendorWork | null {
  const { state } = folder
  const progress = state.steps[state.current]
  const root = state.keys.find(({ id }) => id === progress?.step.key)
  if (progress?.step.do !== 'replicate-root' || root === undefined) return null
  const serialOf = (role: string) => state.tokens.find((token) => token.role === role)?.serial ?? ''
  const token = progress.step.token ?? 'ceremony'
  if (isSpareStep(state.plan, progress.step)) return null
  const from = serialOf(root.token)
  const to = serialOf(token)
  const { id: key, ckaId } = root
  const steps = procedureOf({ folder }, { token, serial: to, from: { serial: from }, ckaId, key: root })
  return { key, ckaId, from, to, steps }
}
