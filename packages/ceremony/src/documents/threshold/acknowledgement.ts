import { encodeCanonical, sha256Hex } from '@lux/crypto'
import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain, hex16, line } from '../format/fields.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('acknowledgement'),
  domain,
  ceremonyId: hex16,
  keyId: digest,
  epochId: digest,
  /** 1 to 15. */
  holder: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(15)),
  name: line,
  shareDigest: digest,
  envelopeDigest: digest,
})

/**
 * `envelopeDigest` of a share that came in several envelopes, one of each dealer in ascending order: SHA-256(JCS of their
 * digests).
 */
export function envelopesDigest(envelopes: readonly string[]): string {
  return sha256Hex(encodeCanonical([...envelopes]))
}

/** A holder's proof that the share was opened, checked and stored. Signed by the holder's keys. */
export type Acknowledgement = v.InferOutput<typeof schema>

export const acknowledgementCodec = documentCodec<Acknowledgement>(
  'acknowledgement',
  'ACKNOWLEDGEMENT',
  schema,
  32_768,
)
