import * as v from 'valibot'
import { documentCodec } from '../documents/format/document.ts'
import { counter, digest, hex16, time } from '../documents/format/fields.ts'

const schema = v.strictObject({
  ceremonyId: hex16,
  /** Number of entries covered. */
  size: counter,
  /** Chain head after them, node_size. */
  node: digest,
  /** RFC 9162 Merkle root over their leaves. */
  root: digest,
  planHash: digest,
  /** SHA-256 of the opening certificate's payload. */
  opening: digest,
  /** SHA-256 of the payload of the checkpoint before, or null for the first. */
  previous: v.nullable(digest),
  time,
})

/** What the ceremony key and the witnesses sign about a transcript. */
export type Checkpoint = v.InferOutput<typeof schema>

/** Signed by the ceremony key, then by witnesses, all over the same bytes. The payload's digest names it. */
export const checkpointCodec = documentCodec<Checkpoint>('checkpoint', 'CHECKPOINT', schema, 524_288)
