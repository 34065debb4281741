import { type Card, cardCodec, isSealedTo, newest, renewCard } from '@lux/ceremony/wire'
import {
  type Domain,
  type Entropy,
  generateIdentity,
  type Scheme,
  type SealIdentity,
  sealIdentityOf,
} from '@lux/crypto'
import { tidyText } from '@lux/crypto/text'
import { holderSeal } from './holder/seal.ts'
import { checkedLater, need, type Outcome } from './outcome.ts'
import type { PersonKey } from './person-key.ts'
import { wordsOf } from './words.ts'

export type Enrolment = {
  readonly kind: Card['kind']
  readonly domain: Domain
  /** As plans and policies will name the person. */
  readonly name: string
  /** A remark on the card, such as the device. */
  readonly note?: string
  readonly schemes?: readonly Scheme[]
}

/** A new key and its public card. Plans and policies name the `digest`; people read the `words` aloud. */
export type Enrolled = {
  readonly key: PersonKey
  readonly card: Uint8Array
  readonly digest: string
  readonly words: readonly string[]
}

/**
 * Makes a person's key from 32 bytes of `entropy` for each scheme, and for the envelope key where things are sealed to the person. The
 * caller stores the key sealed (`encodePersonKey`) before the card leaves. Refuses CARD-MALFORMED.
 */
export function enrol(enrolment: Enrolment, entropy: Entropy): Promise<Outcome<Enrolled>> {
  const { kind, domain, schemes = ['ed25519', 'mlDsa65'] } = enrolment
  // As people type it: composed (NFC), without spaces at its ends.
  const [name, note] = [tidyText(enrolment.name), enrolment.note && tidyText(enrolment.note)]
  return checkedLater(async () => {
    const identity = generateIdentity(entropy, schemes)
    const seal = isSealedTo(kind) ? await sealIdentityOf(entropy) : null
    const card = cardCodec.check({
      v: newest,
      kind,
      domain,
      name,
      keys: { ...identity.keys },
      ...(seal === null ? {} : { recipient: seal.recipient }),
      ...(note === undefined ? {} : { note }),
    })
    if (!card.ok) identity.secret.wipe()
    return enrolledWith({ card: need(card), identity, seal: seal?.identity ?? null })
  })
}

/**
 * The next epoch's key of a holder who stays. It has a new envelope key, the same name and signing keys, and a signed card that says so.
 * Both keys share `key.identity`. Refuses REQUEST-ROLE.
 */
export function renewKey(key: PersonKey, entropy: Entropy): Promise<Outcome<Enrolled>> {
  return checkedLater(async () => {
    // Only a holder has an envelope key to renew.
    need(holderSeal(key, key.card.domain))
    // An old card may have a name that today's rules refuse.
    need(cardCodec.check({ ...key.card, v: newest }))
    const seal: SealIdentity = await sealIdentityOf(entropy)
    const card = renewCard(key.identity, key.card, seal.recipient)
    return enrolledWith({ card, identity: key.identity, seal: seal.identity })
  })
}

function enrolledWith(key: PersonKey): Enrolled {
  const digest = cardCodec.digest(key.card)
  return { key, card: cardCodec.encode(key.card), digest, words: wordsOf(digest) }
}
