import { type HybridSignature, identityId, type VerificationKeys, verifySignature } from '@lux/crypto'
import { accept, type Outcome, refuse } from './outcome.ts'

/** Identities of one role, any `quorum` of which must have signed. */
export type SignerGroup = {
  readonly role: string
  readonly members: readonly { readonly name: string; readonly keys: VerificationKeys }[]
  readonly quorum: number
}

/** Names of those who signed, by the role of their group. */
export type Signers = Readonly<Record<string, readonly string[]>>

/**
 * Checks that every signature is by a member of exactly one of the groups, valid and not repeated, and that every
 * group reaches its quorum. Refuses SIGNATURE-UNKNOWN, SIGNATURE-DUPLICATE, SIGNATURE-INVALID or QUORUM-SHORT.
 */
export function checkSignatures(
  context: string,
  payload: Uint8Array,
  signatures: readonly HybridSignature[],
  groups: readonly SignerGroup[],
): Outcome<Signers> {
  const known = new Map<string, { role: string; name: string; keys: VerificationKeys }>()
  for (const { role, members } of groups) {
    for (const { name, keys } of members) {
      const signer = identityId(keys)
      const other = known.get(signer)
      if (other)
        return refuse('SIGNER-AMBIGUOUS', `${name} (${role}) and ${other.name} (${other.role}) share keys`)
      known.set(signer, { role, name, keys })
    }
  }
  const signed: Record<string, string[]> = Object.fromEntries(groups.map(({ role }) => [role, []]))
  const seen = new Set<string>()
  for (const signature of signatures) {
    const member = known.get(signature.signer)
    if (!member) return refuse('SIGNATURE-UNKNOWN', `a signature by the unknown signer ${signature.signer}`)
    if (seen.has(signature.signer)) return refuse('SIGNATURE-DUPLICATE', `${member.name} signed twice`)
    seen.add(signature.signer)
    const result = verifySignature(member.keys, context, payload, signature)
    if (!result.ok) return refuse('SIGNATURE-INVALID', `${member.name}: ${result.detail}`)
    signed[member.role]?.push(member.name)
  }
  for (const { role, quorum } of groups) {
    const present = signed[role]?.length ?? 0
    if (present < quorum)
      return refuse('QUORUM-SHORT', `${present} of ${quorum} needed (${role}) have signed`)
  }
  return accept(signed)
}
