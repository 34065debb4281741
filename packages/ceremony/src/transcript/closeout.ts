import * as v from 'valibot'
import { documentCodec } from '../documents/format/document.ts'
import { counter, digest, domain, hex16, time } from '../documents/format/fields.ts'
import { entryCodec } from './schema.ts'

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
