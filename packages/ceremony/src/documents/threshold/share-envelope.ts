import { fromHex, type HybridSignature, type VerificationKeys, verifySignature } from '@lux/crypto'
import { codec } from '../format/codec.ts'
import { signatureContext } from '../format/context.ts'
import { type Domain, hybridSignature } from '../format/fields.ts'
import { accept, type Outcome, refuse } from '../format/outcome.ts'

/** The `.sig` beside a share envelope: one signature by the ceremony key. */
export const envelopeSignatureCodec = codec<HybridSignature>('ENVELOPE-SIGNATURE', hybridSignature, 16_384)

/** The bytes that the ceremony key signs: the SHA-256 of the age file, 32 bytes. */
export function envelopeSignedBytes(envelopeDigest: string): Uint8Array {
  return fromHex(envelopeDigest, 32)
}

/** Refuses ENVELOPE-SIGNATURE-INVALID. `envelopeDigest` is the hex SHA-256 of the age file. */
export function verifyEnvelope(
  ceremonyKeys: VerificationKeys,
  domain: Domain,
  envelopeDigest: string,
  signature: HybridSignature,
): Outcome<null> {
  const context = signatureContext('share-envelope', domain)
  const result = verifySignature(ceremonyKeys, context, envelopeSignedBytes(envelopeDigest), signature)
  return result.ok ? accept(null) : refuse('ENVELOPE-SIGNATURE-INVALID', result.detail)
}
