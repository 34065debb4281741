import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { holderIndex, unsigned32 } from '../format/fhe-fields.ts'
import { digest, domain, line, remark, time } from '../format/fields.ts'

const schema = v.pipe(
  v.strictObject({
    v: v.literal(1),
    kind: v.literal('holder-answer'),
    domain,
    /** Request digest. */
    request: digest,
    keyId: digest,
    epochId: digest,
    holder: holderIndex,
    name: line,
    decision: v.picklist(['approved', 'refused']),
    /** Why it was refused; empty where it was approved. */
    reason: remark,
    /** SHA-256 of the age file to the combiner, which holds the signed partial (`lux-prt1`); null where refused. */
    sealed: v.nullable(digest),
    /** Blocks that this answer spent, and what the holder has left of the budget at each width after it. */
    spent: unsigned32,
    left: v.strictObject({ at64: unsigned32, at128: unsigned32 }),
    time,
  }),
  v.check(
    ({ decision, sealed, reason, spent }) =>
      decision === 'approved'
        ? sealed !== null && reason === ''
        : sealed === null && spent === 0 && reason !== '',
    'an approval carries an answer and no reason, a refusal a reason and no answer',
  ),
)

/** A holder's answer to a request, signed by the holder. The partial decryption itself is for the combiner alone. */
export type HolderAnswer = v.InferOutput<typeof schema>

export const holderAnswerCodec = documentCodec<HolderAnswer>('holder-answer', 'ANSWER', schema, 32_768)
