import * as v from 'valibot'
import { codec } from '../format/codec.ts'
import {
  digest,
  domain,
  hybridSignature,
  line,
  recipient,
  remark,
  verificationKeys,
} from '../format/fields.ts'

export const cardKinds = [
  'officer',
  'witness',
  'holder',
  'approver',
  'requester',
  'evaluator',
  'encryptor',
  'administrator',
  'recorder',
  'operator',
  'so',
] as const

const schema = v.pipe(
  v.strictObject({
    v: v.literal(1),
    kind: v.picklist(cardKinds),
    domain,
    name: line,
    keys: verificationKeys,
    recipient: v.exactOptional(recipient),
    renews: v.exactOptional(v.strictObject({ card: digest, signature: hybridSignature })),
    note: v.exactOptional(remark),
  }),
  v.check(
    (card) => (card.kind === 'holder') === (card.recipient !== undefined),
    'a holder has a recipient, and nobody else has one',
  ),
  v.check((card) => card.kind === 'holder' || card.renews === undefined, 'only a holder’s card renews one'),
)

/**
 * A person's public card. Its digest, SHA-256(JCS(card)), is what a plan and a policy name. `renews`: the holder's card of the
 * epoch before, signed over by its keys (card-renewal.ts).
 */
export type Card = v.InferOutput<typeof schema>

export const cardCodec = codec<Card>('CARD', schema, 32_768)
