import { encodeCanonical, equalBytes, type SigningIdentity } from '@lux/crypto'
import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain } from '../format/fields.ts'
import { accept, type Outcome, refuse } from '../format/outcome.ts'
import { newest, type Version } from '../format/versions.ts'
import { type Card, cardCodec } from './card.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('card-renewal'),
  domain,
  card: digest,
  renewed: digest,
})

/** What a holder signs for the next epoch, SPEC.md 5.1: `renewed` is the digest of the new card without `renews`. */
export type CardRenewal = v.InferOutput<typeof schema>

export const cardRenewalCodec = documentCodec<CardRenewal>('card-renewal', 'CARD-RENEWAL', schema, 32_768)

/**
 * The card of a holder who stays: name, keys and domain of the one before, another envelope key, and the holder's signature
 * over both. Throws RangeError where the identity is not the card's.
 */
export function renewCard(
  identity: SigningIdentity,
  before: Card,
  recipient: string,
  version: Version = newest,
): Card {
  if (!sameKeys(identity.keys, before.keys)) throw new RangeError('identity: not that of the card')
  const { renews: _earlier, ...kept } = before
  const bare: Card = { ...kept, v: version, recipient }
  const card = cardCodec.digest(before)
  const signature = cardRenewalCodec.sign(identity, renewalOf(bare, card), bare.domain)
  return { ...bare, renews: { card, signature } }
}

/**
 * Whether `card` is the one of the same holder for the epoch after that of `before`, signed by the keys of both, with another
 * envelope key. Refuses RENEWAL-OTHER, RENEWAL-KEY, RENEWAL-SIGNATURE.
 */
export function checkRenewal(before: Card, card: Card): Outcome<Card> {
  const { name, renews } = card
  const old = cardCodec.digest(before)
  if (name !== before.name || card.kind !== before.kind || card.domain !== before.domain)
    return refuse('RENEWAL-OTHER', `the card of ${name} stands for the card of ${before.name}`)
  if (renews === undefined)
    return refuse('RENEWAL-OTHER', `the second card of ${name} renews none: it is a card by itself`)
  if (renews.card !== old)
    return refuse('RENEWAL-OTHER', `the card of ${name} renews ${renews.card}, the present one is ${old}`)
  if (card.recipient === before.recipient)
    return refuse('RENEWAL-KEY', `the renewed card of ${name} has the envelope key of the one before`)
  if (!sameKeys(card.keys, before.keys))
    return refuse(
      'RENEWAL-SIGNATURE',
      `the renewed card of ${name} has other keys, so somebody else signed it`,
    )
  return checkRenewalSignature(card)
}

/** That a card which renews another is signed by its own keys; any other card is taken. Refuses RENEWAL-SIGNATURE. */
export function checkRenewalSignature(card: Card): Outcome<Card> {
  const { renews, name, keys } = card
  if (renews === undefined) return accept(card)
  const { renews: _signed, ...bare } = card
  const document = { payload: renewalOf(bare, renews.card), signatures: [renews.signature] }
  const group = { role: 'holder', members: [{ name, keys }], quorum: 1 }
  const signed = cardRenewalCodec.verify(document, card.domain, [group])
  return signed.ok
    ? accept(card)
    : refuse('RENEWAL-SIGNATURE', `the renewed card of ${name}: ${signed.detail}`)
}

function renewalOf(bare: Card, card: string): CardRenewal {
  return { v: 1, kind: 'card-renewal', domain: bare.domain, card, renewed: cardCodec.digest(bare) }
}

function sameKeys(one: Card['keys'], other: Card['keys']): boolean {
  return equalBytes(encodeCanonical({ ...one }), encodeCanonical({ ...other }))
}
