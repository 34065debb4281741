import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { base64, digest, domain, hex16, id, line, recipient } from '../format/fields.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('transport'),
  domain,
  audience: digest,
  node: id,
  serial: line,
  /** DER SubjectPublicKeyInfo of an RSA-3072 key: 422 bytes. */
  transportKey: base64(400, 450),
  recipient,
  nonce: hex16,
})

/** What one server node offers one ceremony: a transport public key of its token, signed by the receipt key. */
export type Transport = v.InferOutput<typeof schema>

/** The payload's digest is what a plan names. */
export const transportCodec = documentCodec<Transport>('transport', 'TRANSPORT', schema, 32_768)
