import { accept, type Outcome } from '../../outcome.ts'
import type { Width } from '../../sharing/galois-ring.ts'
import type { CanaryNoise } from '../budgets/canary-bounds.ts'
import { type Budgets, forgetShare } from '../files/share-file.ts'
import { typeName } from '../inputs/provenance.ts'
import { barePartial, signPartial } from '../shares/partial-signature.ts'
import { type ShareExpectation, verifyShare } from '../shares/verify-share.ts'
import { answerCanary } from './canary.ts'
import type { Carrying } from './carry.ts'
import type { PartialAuthority } from './partial-decrypt.ts'
import { readAsked } from './read-ciphertexts.ts'

export type CanaryPartialRequest = {
  /** `lux-shr1` of the epoch that is not live yet, secret. */
  readonly share: Uint8Array
  /** `lux-pub1` of the same epoch. */
  readonly pub: Uint8Array
  /** Of one width. */
  readonly ciphertexts: readonly Uint8Array[]
  readonly authority: PartialAuthority
  readonly carrying?: Carrying
  /** As of a request. */
  readonly allowed?: Budgets
  readonly expected?: ShareExpectation
}

export type CanaryPartial = CanaryNoise & {
  /** `lux-prt1`: sealed to the combiner before it leaves the device. */
  readonly partial: Uint8Array
  /** Hex, in the order of the ciphertexts. */
  readonly digests: readonly string[]
  readonly types: readonly string[]
  readonly width: Width
  /** It is outside the budget. */
  readonly spends: 0
}

/**
 * One new holder's answer to its epoch's canary, 1 to 1024 ciphertexts of one width. It is outside budget and floors, but needs provenance
 * and carrying like any other, and says by how many bits it hides the share. The caller answers one in each epoch. Refusals: those of
 * `verifyShare`, the ciphertext parsers and `answerCanary`; FHE-CIPHERTEXT-MISSING, FHE-CIPHERTEXTS-MANY, FHE-CIPHERTEXT-DUPLICATE.
 * THRESHOLD-FHE section 7, "Canary".
 */
export function fheCanaryPartial(request: CanaryPartialRequest): Outcome<CanaryPartial> {
  const { authority, carrying = 'never' } = request
  const verified = verifyShare(request.share, request.pub, request.expected)
  if (!verified.ok) return verified
  try {
    const asked = readAsked(request.ciphertexts)
    if (!asked.ok) return asked
    const { ciphertexts, digests } = asked.value
    const bare = 'rehearsal' in authority
    const digest = bare ? new Uint8Array(32) : authority.requestDigest
    const answered = answerCanary(verified.value, ciphertexts, digest, authority, {
      carrying,
      allowed: request.allowed,
    })
    if (!answered.ok) return answered
    const { content, ...noise } = answered.value
    const partial = bare ? barePartial(content) : signPartial(authority.identity, content)
    const types = ciphertexts.map(typeName)
    return accept({ partial, spends: 0, digests, types, width: content.width, ...noise })
  } finally {
    forgetShare(verified.value.share)
  }
}
