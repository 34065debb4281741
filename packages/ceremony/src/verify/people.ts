import * as v from 'valibot'
import { addressesOf } from '../bundle/predicate.ts'
import { isTransportMechanism } from '../bundle/recorded.ts'
import { required, type Verification } from '../bundle/verification.ts'
import { heard, hearingCodec } from '../documents/ceremony/hearing.ts'
import { hybridSignature } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { type Card, cardCodec } from '../documents/people/card.ts'
import { checkRenewal, checkRenewalSignature } from '../documents/people/card-renewal.ts'
import { serverCardCodec } from '../documents/people/server-card.ts'
import { transportCodec } from '../documents/people/transport.ts'
import { mayJoin } from '../plan/queries.ts'
import type { Header } from '../transcript/schema.ts'
import { seatsFault } from './seats.ts'

type Seat = Header['roster'][number]

/** Cards and transport documents. */
export async function checkPeople(v: Verification): Promise<void> {
  await v.ledger.run('CARDS', () => checkCards(v))
  await v.ledger.run('TRANSPORTS', () => checkTransports(v))
}

async function checkCards(v: Verification): Promise<Outcome<string>> {
  const { cards, domain } = v.predicate
  for (const [index, digest] of cards.entries()) {
    if (index > 0 && (cards[index - 1] ?? '') >= digest)
      return refuse('CARDS', 'cards are not in ascending order')
    const person = await v.parsed(digest, cardCodec)
    const server = person.ok ? null : await v.parsed(digest, serverCardCodec)
    if (!person.ok && !server?.ok) return refuse('CARDS', `${digest.slice(0, 16)}: ${person.detail}`)
    if (person.ok) v.people.set(digest, person.value)
    if (server?.ok) v.servers.set(digest, server.value)
    const card = person.ok ? person.value : server?.ok ? server.value : null
    if (card?.domain !== domain)
      return refuse('CARDS', `${digest.slice(0, 16)} is a card of the other domain`)
  }
  const seated = new Set<string>()
  for (const { role, name, card } of v.run.header.roster) {
    const person = v.people.get(card)
    if (person === undefined) return refuse('CARDS', `the card of ${name} (${role}) is not in the bundle`)
    if (person.name !== name) return refuse('CARDS', `the card of ${name} (${role}) is of ${person.name}`)
    if (!mayJoin([role, person.kind]))
      return refuse('CARDS', `${name} sits as ${role} with a card of a ${person.kind}`)
    seated.add(card)
    const renewed = checkSeat(v, { role, name, card })
    if (!renewed.ok) return refuse('CARDS', `${renewed.rule}: ${renewed.detail}`)
  }
  const twice = seatsFault(v)
  if (twice !== null) return refuse('CARDS', twice)
  for (const [digest, { name }] of v.people) {
    if (!seated.has(digest)) return refuse('CARDS', `the card of ${name} belongs to nobody in the room`)
  }
  const audiences = addressesOf(v.predicate).map(({ audience }) => audience)
  for (const digest of v.servers.keys()) {
    if (!audiences.includes(digest)) return refuse('CARDS', 'a server card is not that of an audience')
  }
  return accept(`${cards.length} cards`)
}

/** A holder's second seat is for the next epoch: its card renews that of the first, and there is no third. */
function checkSeat(v: Verification, { role, name, card }: Seat): Outcome<Card> {
  const own = required(v.people.get(card) ?? null)
  const seats = v.run.header.roster.filter((one) => one.role === 'holder' && one.name === name)
  const [first] = seats
  if (role !== 'holder' || first === undefined || first.card === card) return checkRenewalSignature(own)
  if (seats.length > 2) return refuse('CARDS', `${name} sits ${seats.length} times as holder`)
  return checkRenewal(required(v.people.get(first.card) ?? null), own)
}

async function checkTransports(v: Verification): Promise<Outcome<string>> {
  const { transports, domain, wrapTree } = v.predicate
  const audiences = addressesOf(v.predicate).map(({ audience }) => audience)
  const nodes = new Set<string>()
  for (const { document, roots } of transports) {
    const parsed = await v.parsed(document, transportCodec.file)
    if (!parsed.ok) return parsed
    const { payload } = parsed.value
    if (!audiences.includes(payload.audience))
      return refuse('TRANSPORTS', `${payload.node} is a node of another server`)
    if (payload.domain !== domain) return refuse('TRANSPORTS', `${payload.node} is of the other domain`)
    if (nodes.has(payload.node)) return refuse('TRANSPORTS', `${payload.node} is there twice`)
    nodes.add(payload.node)
    const card = v.servers.get(payload.audience)
    if (card === undefined) return refuse('TRANSPORTS', 'the server card is not in the bundle')
    const group = { role: 'server', members: [{ name: 'receipt key', keys: card.receiptKey }], quorum: 1 }
    const signed = transportCodec.verify(parsed.value, domain, [group])
    if (!signed.ok) return refuse('TRANSPORTS', `${payload.node}: ${signed.detail}`)
    for (const { id, mechanism } of roots) {
      if (!isTransportMechanism(mechanism))
        return refuse('TRANSPORTS', `${payload.node}: ${id} is wrapped by ${mechanism}`)
      const node = wrapTree.find((one) => one.level === 'root' && one.id === id)
      if (node === undefined)
        return refuse('TRANSPORTS', `${payload.node}: ${id} is no root of the wrap tree`)
    }
    v.transports.push(parsed.value)
  }
  return accept(`${transports.length} nodes`)
}

const signedFact = v.strictObject({
  payload: hearingCodec.payload.schema,
  signature: hybridSignature,
  here: v.exactOptional(v.literal(true)),
})

/** Who heard words read aloud, each with what was read: `signed` only where the workstation's word stands behind none of it. */
export type Heard = { readonly state: 'none' | 'claimed' | 'signed'; readonly values: readonly string[] }

/** SPEC.md 13.5: who heard, or what is wrong with what the transcript says of it. Earlier versions say nothing. */
export function hearingsOf(of: Verification): Heard | string {
  const { roster, ceremonyId, domain } = of.run.header
  const values = new Set<string>()
  let state: Heard['state'] = 'none'
  const add = (kind: 'claimed' | 'signed', value: string) => {
    state = state === 'claimed' ? state : kind
    values.add(value)
  }
  for (const { kind, stepId, fact } of of.predicate.v === 3 ? of.run.readings : []) {
    const wrong = `${stepId}: who heard is not said in its form`
    if (fact === null) {
      add('claimed', 'redacted')
      continue
    }
    if (kind === 'reading.heard') {
      if (!v.is(heard, fact)) return wrong
      const stranger = fact.by.find((name) => roster.every((seat) => seat.name !== name))
      if (stranger !== undefined) return `${stepId}: ${stranger} heard, and sits nowhere`
      for (const name of fact.by) add('claimed', `claimed ${name}: ${fact.what}`)
      continue
    }
    const parsed = v.safeParse(signedFact, fact)
    if (!parsed.success) return wrong
    const { payload, signature } = parsed.output
    const here = payload.domain === domain && payload.ceremonyId === ceremonyId && payload.stepId === stepId
    if (!here) return `${stepId}: a hearing of another step or run`
    const seat = roster.find(
      ({ role, name }) => name === payload.name && (role === 'officer' || role === 'witness'),
    )
    if (seat === undefined) return `${stepId}: ${payload.name} signed that they heard, and judges nothing`
    const { keys } = required(of.people.get(seat.card) ?? null)
    const group = { role: seat.role, members: [{ name: seat.name, keys }], quorum: 1 }
    const valid = hearingCodec.verify({ payload, signatures: [signature] }, domain, [group])
    if (!valid.ok) return `${stepId}: ${valid.detail}`
    add('signed', `signed ${payload.name}: ${payload.what}`)
  }
  return { state, values: [...values] }
}
