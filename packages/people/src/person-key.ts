import {
  type Card,
  cardCodec,
  isSealedTo,
  type PhoneLog,
  phoneLogCodec,
  phoneLogSays,
} from '@lux/ceremony/wire'
import {
  encodeCanonical,
  exportIdentity,
  fromBase64,
  identityId,
  importIdentity,
  type Json,
  parseCanonical,
  type SigningIdentity,
  toBase64,
  type VerificationKeys,
  wipe,
} from '@lux/crypto'
import { members } from './json-members.ts'
import { checked, need, no, type Outcome } from './outcome.ts'

export const maxPersonKey = 1 << 16

/**
 * A person's key as their device stores it. `seal`: the age identity that things are sealed to, as a share to its holder; null for people
 * who receive nothing sealed.
 */
export type PersonKey = {
  readonly card: Card
  readonly identity: SigningIdentity
  readonly seal: string | null
}

/** JCS {v, kind, card, identity (base64), seal}, secret: the caller seals it and wipes it. */
export function encodePersonKey({ card, identity, seal }: PersonKey): Uint8Array {
  const secret = exportIdentity(identity)
  try {
    return encodeCanonical({
      v: 1,
      kind: 'person-key',
      // A card is JSON by its codec.
      card: card as unknown as Json,
      identity: toBase64(secret),
      seal,
    })
  } finally {
    wipe(secret)
  }
}

/** Reads a key. The caller wipes `plain`, and the identity when done. Refuses KEY-FILE-WRONG. */
export function parsePersonKey(plain: Uint8Array): Outcome<PersonKey> {
  const parsed = checked(() => keyOf(parseCanonical(plain, { maxBytes: maxPersonKey })), 'key')
  return parsed.ok ? parsed : { ...parsed, rule: 'KEY-FILE-WRONG' }
}

function keyOf(value: Json): PersonKey {
  const wrong = (detail: string): never => no('KEY-FILE-WRONG', detail, 'key')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('it holds no key')
  const { v, kind, card, identity, seal, ...others } = members(value)
  if (v !== 1 || kind !== 'person-key' || Object.keys(others).length > 0 || typeof identity !== 'string')
    return wrong('it is no person’s key file')
  const parsed = cardCodec.check(card)
  if (!parsed.ok) return wrong(parsed.detail)
  const secret = fromBase64(identity)
  try {
    const signing = importIdentity(secret)
    const unfit = (detail: string): never => {
      signing.secret.wipe()
      return wrong(detail)
    }
    if (signing.id !== identityId(parsed.value.keys)) return unfit('its card is of another key')
    if (isSealedTo(parsed.value.kind) !== (typeof seal === 'string'))
      return unfit('a holder’s or a custodian’s key, and no other, opens envelopes')
    return { card: parsed.value, identity: signing, seal: typeof seal === 'string' ? seal : null }
  } finally {
    wipe(secret)
  }
}

/** A phone's log as a file that its person signs. `entries`: oldest first. Refuses LOG-FILE-MALFORMED. */
export function signLog(
  { card, identity }: PersonKey,
  { made, entries }: Pick<PhoneLog, 'made' | 'entries'>,
): Outcome<Uint8Array> {
  return checked(() => {
    const { domain, name } = card
    const said = { v: 1, kind: 'phone-log', says: phoneLogSays, domain, name, made, entries }
    const payload = need(phoneLogCodec.payload.check(said))
    return phoneLogCodec.file.encode({ payload, signatures: [phoneLogCodec.sign(identity, payload, domain)] })
  })
}

/** Reads a log that the person with these keys signed. Refuses LOG-FILE-MALFORMED, SIGNATURE-…, QUORUM-SHORT. */
export function readLog(bytes: Uint8Array, keys: VerificationKeys): Outcome<PhoneLog> {
  return checked(() => {
    const document = need(phoneLogCodec.file.parse(bytes))
    const { payload } = document
    const members = [{ name: payload.name, keys }]
    need(phoneLogCodec.verify(document, payload.domain, [{ role: 'person', members, quorum: 1 }]))
    return payload
  })
}
