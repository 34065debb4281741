import * as v from 'valibot'
import { entryCodec } from '../../transcript/schema.ts'
import { documentCodec } from '../format/document.ts'
import {
  counter,
  digest,
  domain,
  earlierKey,
  hex16,
  id,
  positive,
  remark,
  type Texts,
  time,
} from '../format/fields.ts'
import { type AnyVersion, textsOf, type Version, version, versions } from '../format/versions.ts'

/** A root that one node now holds in its token. `possession` is the digest of CEREMONY.md "Possession proof". */
const receivedRoot = ({ line }: Texts) => ({
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
const receivedRoot2 = ({ line, remark }: Texts) =>
  v.strictObject({
    ...receivedRoot({ line, remark }),
    /** By the vendor's own means, not by a transport key; absent: wrapped to the transport key. */
    way: v.exactOptional(v.picklist(['vendor-clone', 'vendor-wrap'])),
    /** What the node's token says of itself, and SHA-256 of its library. */
    token: v.exactOptional(v.strictObject({ maker: line, model: line, firmware: line, library: digest })),
  })

const receipt = {
  kind: v.literal('receipt'),
  domain,
  ceremonyId: hex16,
  bundleDigest: digest,
  audience: digest,
  sequence: counter,
  policyVersion: positive,
  policyDigest: digest,
  time,
}

const roots = <T extends v.GenericSchema>(root: T) => v.pipe(v.array(root), v.maxLength(64))
const keys = v.pipe(v.array(earlierKey), v.minLength(1), v.maxLength(4096))
const receipt1 = v.strictObject({
  v: version,
  ...receipt,
  roots: roots(v.strictObject(receivedRoot(textsOf[1]))),
})
const receipt2 = (of: Version) =>
  v.strictObject({
    v: version,
    ...receipt,
    roots: roots(receivedRoot2(textsOf[of])),
    /** Keys that no longer encrypt since, and keys that are of no more use. */
    replaced: v.exactOptional(keys),
    revoked: v.exactOptional(keys),
  })
const receiptSchema = versions<Receipt>({ 1: receipt1, 2: receipt2(2), 3: receipt2(3) })

/** A server's word that it took a bundle in, of the version of its predicate. Signed by its receipt key. */
export type Receipt = AnyVersion<v.InferOutput<ReturnType<typeof receipt2>>>

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

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('closeout'),
  domain,
  ceremonyId: hex16,
  bundleDigest: digest,
  /** SHA-256 of the payload of the sealing checkpoint, the bundle's last. */
  lastCheckpoint: digest,
  /** SHA-256 of the payload of each receipt. */
  receipts: v.pipe(v.array(digest), v.maxLength(64)),
  /** Entries after the sealing checkpoint, and where the chain stands after them. */
  entries: v.pipe(v.array(entryCodec.schema), v.maxLength(4096)),
  size: counter,
  node: digest,
  root: digest,
  time,
})

/** What followed Sealing. Signed by the ceremony key just before it is destroyed. */
export type Closeout = v.InferOutput<typeof schema>

export const closeoutCodec = documentCodec<Closeout>('closeout', 'CLOSEOUT', schema, 8 << 20)
