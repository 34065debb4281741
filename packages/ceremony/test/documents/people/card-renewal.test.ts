import { describe, expect, it } from 'vitest'
import {
  type Card,
  cardCodec,
  checkRenewal,
  checkRenewalSignature,
  renewCard,
} from '../../../src/exports/documents.ts'
import { makePerson, renewedPerson, sampleRecipient } from '../../support/people.ts'

const hana = makePerson('holder', 'Hana', 'production')
const jun = makePerson('holder', 'Jun', 'production')
const { card } = renewedPerson(hana)
const rule = (before: Card, after: Card) => {
  const checked = checkRenewal(before, after)
  return checked.ok ? 'taken' : checked.rule
}

describe('a renewed card', () => {
  it('is of the same person and keys, with another envelope key, and has one form in bytes', () => {
    expect(card).toMatchObject({ name: 'Hana', keys: hana.card.keys, kind: 'holder' })
    expect(card.recipient).not.toBe(hana.card.recipient)
    const bytes = cardCodec.encode(card)
    const parsed = cardCodec.parse(bytes)
    expect(parsed.ok && cardCodec.encode(parsed.value)).toEqual(bytes)
    expect(rule(hana.card, card)).toBe('taken')
  })

  it('is renewed again for the epoch after', () => {
    const later = renewCard(hana.identity, card, sampleRecipient('later'))
    expect(rule(card, later)).toBe('taken')
    expect(rule(hana.card, later)).toBe('RENEWAL-OTHER')
  })

  it('RENEWAL-OTHER one for another name, domain or earlier card is refused, and one that renews none', () => {
    expect(rule(jun.card, card)).toBe('RENEWAL-OTHER')
    expect(rule(makePerson('holder', 'Hana', 'rehearsal').card, card)).toBe('RENEWAL-OTHER')
    expect(rule(card, card)).toBe('RENEWAL-OTHER')
    expect(rule({ ...hana.card, note: 'another card of hers' }, card)).toBe('RENEWAL-OTHER')
    const { renews: _none, ...bare } = card
    expect(rule(hana.card, bare)).toBe('RENEWAL-OTHER')
  })

  it('RENEWAL-KEY one with the envelope key of the epoch before is refused', () => {
    expect(rule(hana.card, renewCard(hana.identity, hana.card, hana.card.recipient!))).toBe('RENEWAL-KEY')
  })

  it('RENEWAL-SIGNATURE one by other keys, or changed after it was signed, is refused', () => {
    const forged = renewCard(jun.identity, { ...hana.card, keys: jun.card.keys }, card.recipient!)
    expect(rule(hana.card, { ...forged, renews: { ...forged.renews!, card: card.renews!.card } })).toBe(
      'RENEWAL-SIGNATURE',
    )
    const { signature } = renewedPerson(jun).card.renews!
    expect(rule(hana.card, { ...card, renews: { ...card.renews!, signature } })).toBe('RENEWAL-SIGNATURE')
    for (const changed of [{ recipient: sampleRecipient('thief') }, { note: 'more' }]) {
      expect(rule(hana.card, { ...card, ...changed })).toBe('RENEWAL-SIGNATURE')
      expect(checkRenewalSignature({ ...card, ...changed })).toMatchObject({ rule: 'RENEWAL-SIGNATURE' })
    }
    expect(checkRenewalSignature(card).ok && checkRenewalSignature(hana.card).ok).toBe(true)
  })

  it('CARD-MALFORMED nobody but a holder renews a card, and only with keys of the card', () => {
    const officer = makePerson('officer', 'Ada', 'production').card
    expect(cardCodec.check({ ...officer, renews: card.renews })).toMatchObject({ rule: 'CARD-MALFORMED' })
    expect(() => renewCard(jun.identity, hana.card, card.recipient!)).toThrow(RangeError)
  })
})
