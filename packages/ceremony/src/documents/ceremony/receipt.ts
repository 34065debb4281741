import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { counter, digest, domain, hex16, id, line, positive, remark, time } from '../format/fields.ts'

/** A root that one node now holds in its token. `possession` is the digest of CEREMONY.md "Possession proof". */
const receivedRoot = v.strictObject({
  key: id,
  rootId: hex16,
  node: id,
  serial: line,
  ckaId: hex16,
  mechanism: line,
  possession: digest,
  /** PKCS#11 names without CKA_, as read back from the token. */
  attributes: v.record(
    v.pipe(v.string(), v.maxLength(64)),
    v.union([v.boolean(), v.pipe(v.number(), v.safeInteger()), line]),
  ),
  transportKeyDestroyed: v.boolean(),
})

const receiptSchema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('receipt'),
  domain,
  ceremonyId: hex16,
  bundleDigest: digest,
  audience: digest,
  sequence: counter,
  roots: v.pipe(v.array(receivedRoot), v.maxLength(64)),
  policyVersion: positive,
  policyDigest: digest,
  time,
})

/** A server's word that it took a bundle in. Signed by its receipt key. */
export type Receipt = v.InferOutput<typeof receiptSchema>

export const receiptCodec = documentCodec<Receipt>('receipt', 'RECEIPT', receiptSchema, 262_144)

const refusalSchema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('refusal'),
  domain,
  audience: digest,
  /** Null where the file had no readable manifest. */
  bundleDigest: v.nullable(digest),
  check: v.pipe(v.string(), v.regex(/^[A-Z0-9]+(-[A-Z0-9]+)*$/)),
  detail: remark,
  time,
})

/** A server's word that it refused a bundle, and at which check. Signed by its receipt key. */
export type ImportRefusal = v.InferOutput<typeof refusalSchema>

export const refusalCodec = documentCodec<ImportRefusal>('refusal', 'REFUSAL', refusalSchema, 65_536)
