import { newPolicy, type Policy, policyDocument } from '@lux/ceremony/policy'
import { expect, test } from 'vitest'
import { scriptBytes } from '../../../../../../packages/ceremony/test/engine/plans.ts'
import { makePerson } from '../../../../../../packages/ceremony/test/support/people.ts'
import { planFaults } from '../../../../src/core/services/setups/setup-plan.ts'
import { policyFaults, policyWarnings } from '../../../../src/core/services/setups/setup-policy.ts'
import type { Setup } from '../../../../src/core/services/setups/setup-state.ts'
import { makePlan } from '../../../../src/core/use-cases/make-plan.ts'

const ada = makePerson('officer', 'Ada', 'production')
const { oldest: _, ...made } = newPolicy({
  organisation: { id: 'acme', name: 'Acme' },
  domain: 'production',
  expiry: '2027-01-01T00:00:00.000Z',
  officers: [ada.card],
  officerQuorum: 1,
})

test('POLICY-OLDEST a policy of before is not made here, and one that its officers signed is still brought', () => {
  const before: Policy = { ...made, v: 2 }
  const codes = (of: Pick<Setup, 'adopted' | 'signed'>) =>
    policyFaults({ ...of, cards: [] as Setup['cards'] } as Setup, before).map(({ code }) => code)
  const unsigned = { policy: before, signatures: [] }
  const signature = policyDocument.sign(ada.identity, before, 'production')
  const signed = { policy: before, signatures: [signature] }
  expect(codes({ adopted: null, signed: null })).toEqual(['POLICY-OLDEST'])
  expect(codes({ adopted: null, signed: unsigned })).toEqual(['POLICY-OLDEST'])
  expect(codes({ adopted: null, signed })).toEqual([])
  expect(codes({ adopted: unsigned, signed: null })).toEqual([])
})

test('CARD-NAME a card of before whose name breaks the text rule is in no new policy or plan: its person makes another', () => {
  const { card } = makePerson('officer', 'Ada', 'production')
  const old = { ...card, v: 1 as const, name: 'A\u200bda' }
  const setup = { adopted: null, signed: null, cards: [card, old] as Setup['cards'] } as Setup
  const policy = { ...made, oldest: { card: 1, run: 3 } } as Policy
  expect(policyFaults(setup, policy)).toEqual([{ code: 'CARD-NAME', step: '', detail: 'A\u200bda: hidden' }])
  const parts = { script: scriptBytes('root-kek'), servers: [], policy: null, library: null }
  expect(makePlan({ ...parts, people: [card, old], build: 'ab'.repeat(32), values: {} })).toMatchObject({
    ok: false,
    refusals: [{ rule: 'CARD-NAME' }],
  })
  // What was signed before goes on: cards that its people have are of before too.
  expect(policyFaults({ ...setup, adopted: { policy, signatures: [] } }, policy)).toEqual([])
})

test.each([
  ['', 'Acme'],
  ['Acme Bank', 'Acme'],
  ['acme', ''],
])('SETUP-ORGANISATION an organisation with the ID “%s” and the name “%s” is asked for both', (id, name) => {
  const policy = { ...made, oldest: { card: 1, run: 3 }, organisation: { id, name } } as Policy
  const setup = { adopted: null, signed: null, cards: [ada.card] as Setup['cards'] } as Setup
  expect(policyFaults(setup, policy)).toEqual([
    // What a parser expected is no sentence for people.
    { code: 'SETUP-ORGANISATION', step: '', detail: '' },
  ])
  // One that was brought is malformed.
  const brought = { ...setup, adopted: { policy, signatures: [] } }
  expect(policyFaults(brought, policy)).toMatchObject([{ code: 'POLICY-MALFORMED' }])
})

test('SETUP-TRANSPORT a server without its transport file is named, where the rule would offer another script', () => {
  const refusals = [
    { rule: 'PLAN-32', step: '', detail: 'root-kek stays in its token, yet destinations are listed' },
    { rule: 'PLAN-33', step: '', detail: 'another' },
  ]
  const codes = (transport: object | null) =>
    planFaults(refusals, [{ name: 'KMS', transport } as Setup['servers'][number]]).map(({ code, detail }) => [
      code,
      detail,
    ])
  expect(codes(null)).toEqual([
    ['SETUP-TRANSPORT', 'KMS'],
    ['PLAN-33', 'another'],
  ])
  expect(codes({})[0]?.[0]).toBe('PLAN-32')
})

test('SETUP-ALL a policy that needs each of its officers or witnesses says what the loss of one means, and one without a leader says so', () => {
  const leader = makePerson('administrator', 'Anna', 'production').card
  const officers = ['Ada', 'Bob', 'Eve'].map((name) => makePerson('officer', name, 'production').card)
  const witness = makePerson('witness', 'Wim', 'production').card
  const codes = (cards: readonly unknown[], counts: Pick<Policy, 'officerQuorum' | 'witnessQuorum'>) =>
    policyWarnings({ cards: cards as Setup['cards'] }, {
      ...made,
      officers: officers.slice(0, cards.filter((one) => officers.includes(one as never)).length),
      witnesses: cards.includes(witness) ? [{}] : [],
      ...counts,
    } as unknown as Policy).map(({ code }) => code)
  expect(codes([leader, ...officers], { officerQuorum: 2, witnessQuorum: 0 })).toEqual([])
  expect(codes([leader, ...officers.slice(1)], { officerQuorum: 2, witnessQuorum: 0 })).toEqual([
    'SETUP-ALL-OFFICERS',
  ])
  expect(codes([leader, ...officers, witness], { officerQuorum: 2, witnessQuorum: 1 })).toEqual([
    'SETUP-ALL-WITNESSES',
  ])
  expect(codes(officers, { officerQuorum: 2, witnessQuorum: 0 })).toEqual(['SETUP-ADMINISTRATOR'])
  // Nobody is here yet: the screen asks for everybody.
  expect(codes([], { officerQuorum: 0, witnessQuorum: 0 })).toEqual([])
})
