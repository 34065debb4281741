import { textFault } from '@lux/crypto/text'
import * as v from 'valibot'
import { codec } from '../format/codec.ts'
import {
  digest,
  domain,
  hybridSignature,
  origin,
  recipient,
  type Texts,
  verificationKeys,
} from '../format/fields.ts'
import { type AnyVersion, textsOf, type Version, version, versions } from '../format/versions.ts'

const kinds1 = [
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
const kinds2 = [...kinds1, 'custodian'] as const

const person = ({ line, remark }: Texts) => ({
  domain,
  name: line,
  keys: verificationKeys,
  recipient: v.exactOptional(recipient),
  renews: v.exactOptional(v.strictObject({ card: digest, signature: hybridSignature })),
  note: v.exactOptional(remark),
})

const schema1 = v.pipe(
  v.strictObject({ v: version, kind: v.picklist(kinds1), ...person(textsOf[1]) }),
  v.check((card) => hasRecipient(card), 'a holder has a recipient, and nobody else has one'),
  v.check((card) => renewsAsHolder(card), 'only a holder’s card renews one'),
)

const entries2 = (of: Version) =>
  v.strictObject({
    v: version,
    kind: v.picklist(kinds2),
    ...person(textsOf[of]),
    /** Of a card that was made on a phone: the origin that served the app, and SHA-256 of the release's signed bytes. */
    app: v.exactOptional(v.strictObject({ origin, release: digest })),
  })
const schema2 = (of: Version) =>
  v.pipe(
    entries2(of),
    v.check(
      (card) => hasRecipient(card),
      'a holder and a custodian have a recipient, and nobody else has one',
    ),
    v.check((card) => renewsAsHolder(card), 'only a holder’s card renews one'),
  )

/**
 * A person's public card. Its digest, SHA-256(JCS(card)), is what a plan and a policy name. `renews`: the holder's card of the
 * epoch before, signed over by its keys (card-renewal.ts).
 */
export type Card = AnyVersion<v.InferOutput<ReturnType<typeof entries2>>>

export const cardCodec = codec<Card>(
  'CARD',
  versions<Card>({ 1: schema1, 2: schema2(2), 3: schema2(3) }),
  32_768,
)

/** CARD-NAME: a card of before may have a name that nothing new can hold. How it breaks the text rule, or null. */
export function cardNameFault({ name }: Pick<Card, 'name'>): string | null {
  const fault = textFault(name)
  return fault === null ? null : `${name}: ${fault}`
}

/** Whether something is sealed to people of a kind. */
export function isSealedTo(kind: Card['kind']): boolean {
  return kind === 'holder' || kind === 'custodian'
}

function hasRecipient({ kind, recipient: own }: { kind: Card['kind']; recipient?: string }): boolean {
  return isSealedTo(kind) === (own !== undefined)
}

function renewsAsHolder({ kind, renews }: { kind: Card['kind']; renews?: unknown }): boolean {
  return kind === 'holder' || renews === undefined
}
