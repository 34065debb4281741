import * as v from 'valibot'
import { holderIndex, unsigned32 } from '../documents/format/fhe-fields.ts'
import { digest, id, line } from '../wire/fields.ts'

/** An epoch of a key that an earlier ceremony dealt. `public` is a blob. */
export const existingEpoch = v.strictObject({
  keyId: digest,
  epochId: digest,
  epoch: unsigned32,
  public: digest,
})

/** A threshold decryption. `package`, every `document` and `result` are blobs. */
export const decryption = v.strictObject({
  id,
  /** The requester's package, with the approvers' signatures. */
  package: digest,
  /** In the order in which they came. */
  answers: v.pipe(
    v.array(v.strictObject({ holder: holderIndex, name: line, document: digest })),
    v.minLength(1),
    v.maxLength(15),
  ),
  result: digest,
})

/** The next epoch. `public`, `approvals`, every `document`, `correction` and `acknowledgement`, and `live` are blobs. */
export const nextEpoch = v.strictObject({
  epochId: digest,
  epoch: unsigned32,
  t: holderIndex,
  n: holderIndex,
  public: digest,
  approvals: v.pipe(v.array(digest), v.minLength(1), v.maxLength(15)),
  /** Ascending by dealer. */
  redeals: v.pipe(
    v.array(v.strictObject({ dealer: holderIndex, name: line, document: digest, correction: digest })),
    v.minLength(1),
    v.maxLength(15),
  ),
  /** By index from 1. */
  holders: v.pipe(
    v.array(v.strictObject({ index: holderIndex, name: line, card: digest, acknowledgement: digest })),
    v.minLength(1),
    v.maxLength(15),
  ),
  live: digest,
})
