import { resolve } from 'node:path'
import { type BundleContents, peekBundle, type RandomAccess, verifyBundle } from '@lux/ceremony/bundle'
import { policyDigest } from '@lux/ceremony/policy'
import { encodeCanonical } from '@lux/crypto'
import { verifyAttestation } from '@lux/hsm'
import type { RootEvidence, SignedRootReceipt } from '../keys/replaced-root.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { pinnedPolicies } from '../platform/state-folder/policies.ts'
import { mustBeNew, writeNew } from '../platform/state-folder/private-file.ts'
import type { Domain } from '../platform/state-folder/settings.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { openServerParts } from '../server.ts'
import { openGiven } from './given-file.ts'
import { operatorCall } from './operator-call.ts'

export type DestroyedRoot = {
  readonly root: string
  readonly bundles: readonly string[]
  readonly out: string
}

/**
 * Destroys a root that a ceremony replaced, and writes the receipt. `bundles`: of ceremonies that burnt its backups or destroyed it in other
 * tokens, each judged here. Refuses ROOT-IN-USE, ROOT-EVIDENCE, and the first failed check of a bundle.
 */
export async function destroyReplacedRoot(
  state: StateFolder,
  { root, bundles, out }: DestroyedRoot,
): Promise<Outcome<SignedRootReceipt>> {
  const to = resolve(out)
  await mustBeNew(to)
  const parts = await openServerParts(state)
  try {
    const evidence: RootEvidence[] = []
    for (const path of bundles) {
      const judged = await judgedFile(state, parts.settings.domain, path)
      if (!judged.ok) return judged
      const { digest, predicate, header } = judged.value
      evidence.push({ digest, begun: header?.created ?? null, ...predicate })
    }
    const done = await parts.replacedRoots.destroy(operatorCall(), { root, evidence })
    if (done.ok) await writeNew(to, encodeCanonical(done.value), 0o644)
    return done
  } finally {
    await parts.close()
  }
}

/** A bundle of any ceremony of this organisation, under the policy that it names and that was pinned here. */
async function judgedFile(
  state: StateFolder,
  domain: Domain,
  path: string,
): Promise<Outcome<BundleContents>> {
  const handle = await openGiven(path)
  try {
    const { size } = await handle.stat()
    const reader: RandomAccess = {
      size,
      async read(from, length) {
        const bytes = new Uint8Array(length)
        const { bytesRead } = await handle.read(bytes, 0, length, from)
        return bytes.subarray(0, bytesRead)
      },
    }
    const peeked = await peekBundle(reader)
    if (!peeked.ok) return peeked
    const policies = await pinnedPolicies(state)
    const named = policies.find(({ policy }) => policyDigest(policy) === peeked.value.predicate.policyDigest)
    if (named === undefined) return refuse('POLICY-MISSING', `${path}: its policy was never pinned here`)
    const verdict = await verifyBundle(reader, { policy: named, domain, attestation: verifyAttestation })
    if (verdict.verdict === 'accepted' && verdict.contents !== null) return accept(verdict.contents)
    const fault =
      verdict.checks.find(({ ok }) => ok === false) ?? verdict.checks.find(({ ok }) => ok === null)
    return refuse(fault?.id ?? 'BUNDLE-VERIFY', `${path}: ${fault?.detail ?? 'not accepted'}`)
  } finally {
    await handle.close()
  }
}
