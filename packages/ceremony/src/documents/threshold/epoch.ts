import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { holderIndex, unsigned32 } from '../format/fhe-fields.ts'
import { digest, domain, hex16, line, time } from '../format/fields.ts'

const place = { domain, ceremonyId: hex16, planHash: digest, keyId: digest, oldEpochId: digest }

const quorum = { t: holderIndex, n: holderIndex }

const approvalSchema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('epoch-approval'),
  ...place,
  epoch: unsigned32,
  ...quorum,
  /** SHA-256(JCS([{index, name, card}])) of the new holders. */
  roster: digest,
  /** Bits q - 1 of the holders that re-deal. */
  dealerMask: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(0x7fff)),
  holder: holderIndex,
  name: line,
  /** Blocks that this holder may still answer: the new shares' budgets follow from what t holders say, CEREMONY "Budget". */
  left: v.strictObject({ at64: unsigned32, at128: unsigned32 }),
})

/** A holder's word, in the old epoch, that the key may move to the new people. Signed by the holder; t are needed. */
export type EpochApproval = v.InferOutput<typeof approvalSchema>

export const epochApprovalCodec = documentCodec<EpochApproval>(
  'epoch-approval',
  'EPOCH-APPROVAL',
  approvalSchema,
  32_768,
)

const redealSchema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('redeal'),
  ...place,
  ...quorum,
  /** Number of the dealer in the old epoch. */
  dealer: holderIndex,
  name: line,
  /** SHA-256 of the correction file (`lux-cor1`), and of the commitments at its end. */
  correction: digest,
  commitments: digest,
  /** SHA-256 of the age file with the fresh seeds of each new holder, by index from 1. */
  envelopes: v.pipe(v.array(digest), v.minLength(1), v.maxLength(15)),
})

/** What one holder of the old epoch dealt to the new one. Signed by that holder. */
export type Redeal = v.InferOutput<typeof redealSchema>

export const redealCodec = documentCodec<Redeal>('redeal', 'REDEAL', redealSchema, 32_768)

const liveSchema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('epoch-live'),
  ...place,
  epochId: digest,
  epoch: unsigned32,
  ...quorum,
  /** SHA-256 of the payload of each new holder's acknowledgement, by index. */
  acknowledgements: v.pipe(v.array(digest), v.minLength(1), v.maxLength(15)),
  time,
})

/**
 * "Epoch n live, n of n proved": signed by the ceremony key. Only then does a holder of the old epoch wipe the old share.
 */
export type EpochLive = v.InferOutput<typeof liveSchema>

export const epochLiveCodec = documentCodec<EpochLive>('epoch-live', 'EPOCH-LIVE', liveSchema, 32_768)
