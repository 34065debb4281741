import type { Card } from '../../src/exports/documents.ts'
import type { Policy } from '../../src/exports/policy.ts'
import { memberOf } from '../../src/policy/make.ts'
import type { Altered } from './altered-parts.ts'
import { makePerson, type Person, sampleRecipient } from './people.ts'
import type { SampleOptions } from './sample-options.ts'

const person = (kind: Card['kind'], name: string) => makePerson(kind, name, 'production')
const hana = person('holder', 'Hana')
const wim = person('witness', 'Wim')
const amy = person('administrator', 'Amy')
const sol = person('so', 'Sol')

/** A holder whose card has something of Hana's. */
const ito = (of: Partial<Card>): SampleOptions => ({
  fhe: true,
  alter: { person: (one) => (one.card.name === 'Ito' ? { ...one, card: { ...one.card, ...of } } : one) },
})

/** Somebody with the keys of another card. */
const alias = (kind: Card['kind'], name: string, { identity, card }: Person): Person => ({
  identity,
  card: {
    v: 1,
    kind,
    domain: 'production',
    name,
    keys: card.keys,
    ...(kind === 'holder' ? { recipient: sampleRecipient(name) } : {}),
  },
})

const guests = (what: string, ...all: Person[]): Altered => ['CARDS', what, { alter: { guests: all } }]

/** Dora, whom the policy lists and the plan does not seat, sits as an operator by another name. */
const judging = (what: string, list: 'officers' | 'witnesses'): Altered => {
  const dora = person(list === 'officers' ? 'officer' : 'witness', 'Dora')
  const otto = person('operator', 'Otto')
  const keys = { ...otto.card.keys, mlDsa65: dora.card.keys.mlDsa65! }
  const policy = (p: Policy) => ({ ...p, [list]: [...p[list], memberOf(dora.card)] })
  return ['POLICY-ROSTER', what, { alter: { policy, guests: [{ ...otto, card: { ...otto.card, keys } }] } }]
}

const { ed25519 = '', mlDsa65 = '' } = hana.card.keys
const own = person('holder', 'Ito').card.keys

/** One person or device in two seats of a set, or in two roles that exclude each other. */
export const alteredSeats: Altered[] = [
  ['CARDS', 'two holders with one identity', ito({ keys: hana.card.keys })],
  ['CARDS', 'two holders with one Ed25519 key', ito({ keys: { ...own, ed25519 } })],
  ['CARDS', 'two holders with one ML-DSA key', ito({ keys: { ...own, mlDsa65 } })],
  ['CARDS', 'two holders with one envelope key', ito({ recipient: hana.card.recipient! })],
  guests('an officer who sits twice', person('officer', 'Ada')),
  guests('two administrators with one key', amy, alias('administrator', 'Bob', amy)),
  guests('an operator with the keys of the SO', sol, alias('operator', 'Otto', sol)),
  guests('an operator with the keys of a witness', alias('operator', 'Otto', wim)),
  guests('a witness who is an operator by name', person('operator', 'Wim')),
  judging('an operator who is an officer of the policy by half of a key, and sits as none', 'officers'),
  judging('an operator who is a witness of the policy by half of a key, and sits as none', 'witnesses'),
]

/** Roles that may be joined, by one key. */
export const joinedSeats: SampleOptions = {
  fhe: true,
  alter: { guests: [alias('recorder', 'Wim', wim), alias('holder', 'Ada', person('officer', 'Ada'))] },
}
