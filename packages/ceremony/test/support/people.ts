import {
  type Domain,
  deterministicEntropy,
  type Entropy,
  generateIdentity,
  type Scheme,
  type SigningIdentity,
  sha256,
  utf8,
} from '@lux/crypto'
import { type Card, isSealedTo } from '../../src/documents/people/card.ts'
import { renewCard } from '../../src/documents/people/card-renewal.ts'
import type { ServerCard } from '../../src/documents/people/server-card.ts'

export type Person = { identity: SigningIdentity; card: Card }

/** Entropy of a test: everything follows from its name. */
export function entropyOf(seed: string): Entropy {
  return deterministicEntropy(sha256(utf8(seed)))
}

/** Has the form of an age hybrid recipient; nothing can be sealed to it. */
export function sampleRecipient(name: string): string {
  const digits = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
  const bytes = entropyOf(`recipient/${name}`).bytes(120)
  return `age1pq1${Array.from(bytes, (byte) => digits.charAt(byte % 32)).join('')}`
}

const known = new Map<string, Person>()

/** A person whose keys follow from name, kind and domain; the same arguments give the same person. */
export function makePerson(kind: Card['kind'], name: string, domain: Domain): Person {
  const id = `${domain}/${kind}/${name}`
  const before = known.get(id)
  if (before !== undefined) return before
  // A P-256 officer has a token; the others sign with files or phones.
  const schemes: Scheme[] = kind === 'officer' ? ['p256', 'mlDsa65'] : ['ed25519', 'mlDsa65']
  const identity = generateIdentity(entropyOf(`${domain}/${kind}/${name}`), schemes)
  const card: Card = { v: kind === 'custodian' ? 2 : 1, kind, domain, name, keys: identity.keys }
  if (isSealedTo(kind)) card.recipient = sampleRecipient(name)
  const person = { identity, card }
  known.set(id, person)
  return person
}

/** The same holder in the next epoch. */
export function renewedPerson({ identity, card }: Person): Person {
  return { identity, card: renewCard(identity, card, sampleRecipient(`${card.name} next`)) }
}

export type Server = { receipt: SigningIdentity; card: ServerCard }

export function makeServer(name: string, domain: Domain): Server {
  const receipt = generateIdentity(entropyOf(`${domain}/${name}/receipt`), ['p256'])
  const requester = generateIdentity(entropyOf(`${domain}/${name}/requester`), ['p256'])
  const card: ServerCard = {
    v: 1,
    kind: 'server',
    domain,
    deployment: '5e'.repeat(16),
    receiptKey: { p256: receipt.keys.p256 ?? '' },
    requesterKey: { p256: requester.keys.p256 ?? '' },
    combinerRecipient: sampleRecipient(`${name}/combiner`),
  }
  return { receipt, card }
}
