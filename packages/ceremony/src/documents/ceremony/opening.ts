import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { ceremonyKeys, digest, domain, hex16, line } from '../format/fields.ts'

const schema = v.strictObject({
  ceremonyId: hex16,
  domain,
  planHash: digest,
  policyDigest: digest,
  /** SHA-256(0x11 || JCS(header)) of the transcript. */
  node0: digest,
  tokenSerials: v.pipe(v.array(line), v.maxLength(64)),
  ceremonyKeys,
})

/** Why the ceremony key is believed: k officers of the policy sign this. */
export type OpeningCertificate = v.InferOutput<typeof schema>

export const openingCodec = documentCodec<OpeningCertificate>('opening', 'OPENING', schema, 524_288)
