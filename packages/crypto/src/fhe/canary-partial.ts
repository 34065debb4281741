import { FormatError } from '../format-error.ts'
import { toHex } from '../hex.ts'
import { accept, type Outcome } from '../sharing/outcome.ts'
import { refuse } from '../verdict.ts'
import type { PartialAuthority } from './api.ts'
import { answerCanary } from './canary.ts'
import type { Carrying } from './carry.ts'
import { ciphertextDigest } from './ciphertext.ts'
import { barePartial, signPartial } from './partial-signature.ts'
import { typeName } from './provenance.ts'
import { readCiphertext } from './read-ciphertext.ts'
import { forgetShare } from './share-file.ts'
import { type ShareExpectation, verifyShare } from './verify-share.ts'

export type CanaryPartialRequest = {
  /** `lux-shr1` of the epoch that is not live yet, secret. */
  readonly share: Uint8Array
  /** `lux-pub1` of the same epoch. */
  readonly pub: Uint8Array
  /** Of one width. */
  readonly ciphertexts: readonly Uint8Array[]
  readonly authority: PartialAuthority
  readonly carrying?: Carrying
  readonly expected?: ShareExpectation
}

export type CanaryPartial = {
  /** `lux-prt1`: sealed to the combiner before it leaves the device. */
  readonly partial: Uint8Array
  /** Hex, in the order of the ciphertexts. */
  readonly digests: readonly string[]
  readonly types: readonly string[]
  /** It is outside the budget. */
  readonly spends: 0
}

/**
 * One new holder's answer to the canary of its epoch, outside budget and floors, but vouched for and carried like
 * anything else; the caller answers one to an epoch. Refusals: those of `verifyShare`, the ciphertext parsers and
 * `answerCanary`. THRESHOLD-FHE section 7, "Canary".
 */
export function fheCanaryPartial(request: CanaryPartialRequest): Outcome<CanaryPartial> {
  const { authority, carrying = 'never' } = request
  const verified = verifyShare(request.share, request.pub, request.expected)
  if (!verified.ok) return verified
  try {
    const ciphertexts = request.ciphertexts.map(readCiphertext)
    const bare = 'rehearsal' in authority
    const digest = bare ? new Uint8Array(32) : authority.requestDigest
    const answered = answerCanary(verified.value, ciphertexts, digest, authority, carrying)
    if (!answered.ok) return answered
    const partial = bare ? barePartial(answered.value) : signPartial(authority.identity, answered.value)
    return accept({
      partial,
      spends: 0,
      digests: ciphertexts.map((one) => toHex(ciphertextDigest(one))),
      types: ciphertexts.map(typeName),
    })
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  } finally {
    forgetShare(verified.value.share)
  }
}
