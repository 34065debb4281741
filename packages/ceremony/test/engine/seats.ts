import {
  deterministicEntropy,
  generateIdentity,
  identityId,
  type Json,
  type SigningIdentity,
  sha256,
  sha256Hex,
  signatureContext,
  signDocument,
  signWith,
  toBase64,
  utf8,
} from '@lux/crypto'
import { cardCodec } from '../../src/documents/people/card.ts'
import { renewCard } from '../../src/documents/people/card-renewal.ts'
import { serverCardCodec } from '../../src/documents/people/server-card.ts'
import { transportCodec } from '../../src/documents/people/transport.ts'
import type { Domain } from '../../src/exports/engine.ts'

export const entropy = deterministicEntropy(sha256(utf8('ceremony tests')))

export type Someone = { role: string; name: string; identity: SigningIdentity; card: Json; digest: string }

const known = new Map<string, Someone>()

/** A person with a fixed identity for the domain; the same arguments give the same person. */
export function someone(role: string, name: string, domain: Domain): Someone {
  const id = `${domain}/${role}/${name}`
  const before = known.get(id)
  if (before !== undefined) return before
  const identity = generateIdentity(deterministicEntropy(sha256(utf8(id))), ['ed25519'])
  const holder = ['holder', 'custodian'].includes(role) ? { recipient: recipientOf(id) } : {}
  const card = { v: role === 'custodian' ? 2 : 1, kind: role, domain, name, keys: identity.keys, ...holder }
  const read = cardCodec.check(card)
  if (!read.ok) throw new Error(read.detail)
  const person = { role, name, identity, card: card as Json, digest: cardCodec.digest(read.value) }
  known.set(id, person)
  return person
}

/** An envelope key of its own for each text; nobody opens anything with it. */
function recipientOf(text: string): string {
  return `age1pq1${sha256Hex(utf8(text)).replaceAll('1', 'g').replaceAll('b', 'h')}`
}

const again = new Map<string, Someone>()

/** A holder with the card of the next epoch. */
export function someoneRenewed(name: string, domain: Domain): Someone {
  const before = someone('holder', name, domain)
  const known = again.get(before.digest)
  if (known !== undefined) return known
  const read = cardCodec.check(before.card)
  if (!read.ok) throw new Error(read.detail)
  const card = renewCard(before.identity, read.value, recipientOf(before.digest))
  // A card is JSON by its codec.
  const person = { ...before, card: card as unknown as Json, digest: cardCodec.digest(card) }
  again.set(before.digest, person)
  return person
}

/** Whoever sits at a place of the people of a plan: at the second one of a holder who stays, with the renewed card. */
export function someoneAt(people: readonly { role: string; name: string }[], at: number, domain: Domain) {
  const { role, name } = people[at]!
  const second = people.findIndex((one) => one.role === role && one.name === name) < at
  return second ? someoneRenewed(name, domain) : someone(role, name, domain)
}

/** A server with a receipt key, and one transport document of one node. */
export function someServer(domain: Domain, node = 'node-1') {
  const receipt = generateIdentity(deterministicEntropy(sha256(utf8(`receipt ${domain}`))), ['p256'])
  const requester = generateIdentity(deterministicEntropy(sha256(utf8(`requester ${domain}`))), ['p256'])
  const recipient = `age1pq1${'p'.repeat(60)}`
  const card = {
    v: 1,
    kind: 'server',
    domain,
    deployment: '0123456789abcdef0123456789abcdef',
    receiptKey: receipt.keys,
    requesterKey: requester.keys,
    combinerRecipient: recipient,
  }
  const read = serverCardCodec.check(card)
  if (!read.ok) throw new Error(read.detail)
  const audience = serverCardCodec.digest(read.value)
  const transportKey = toBase64(new Uint8Array(422).fill(node.length))
  const payload = {
    v: 1,
    kind: 'transport',
    domain,
    audience,
    node,
    serial: `serial of ${node}`,
    transportKey,
    recipient,
    nonce: 'aa'.repeat(16),
  }
  const signed = transportCodec.payload.check(payload)
  if (!signed.ok) throw new Error(signed.detail)
  const transport = signDocument([receipt], signatureContext('transport', domain), payload)
  return {
    receipt,
    card: card as Json,
    transport: transport as unknown as Json,
    audience,
    transportDigest: transportCodec.payload.digest(signed.value),
    node,
    serial: payload.serial,
    trusted: sha256Hex(new Uint8Array(422).fill(node.length)),
  }
}

const signed = new Map<string, ReturnType<typeof signWith>>()

/** A signature, remembered so that many runs over the same bytes do not compute it again. */
export function sign(identity: SigningIdentity, what: string, domain: Domain, payload: Uint8Array) {
  const key = `${identityId(identity.keys)} ${what} ${domain} ${sha256Hex(payload)}`
  const before = signed.get(key)
  if (before !== undefined) return before
  const signature = signWith(identity, signatureContext(what, domain), payload)
  signed.set(key, signature)
  return signature
}
