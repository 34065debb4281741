import { rmSync } from 'node:fs'
import {
  authoritiesOf,
  newPolicy,
  type Policy,
  type PolicyFile,
  policyDigest,
  policyDocument,
} from '@lux/ceremony/policy'
import type { Authorities } from '@lux/crypto/fhe'
import { checkDealtUnder, checkSharePolicy, type Outcome } from '@lux/people'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from './support/custody.ts'
import { type Enrolled, enrolled } from './support/people.ts'

type Dealt = Parameters<typeof checkSharePolicy>[0]

let folder: string
let first: Policy
let second: Policy
let mallory: Enrolled
let files: { first: PolicyFile; second: PolicyFile }

/** A policy of two requesters, and the next one, which took one of them off. */
beforeAll(async () => {
  folder = temporaryFolder()
  const of = (kind: 'officer' | 'requester', name: string) => enrolled(folder, kind, name)
  const officer = await of('officer', 'Ada')
  const [rita, rob] = [await of('requester', 'Rita'), await of('requester', 'Rob')]
  mallory = await of('requester', 'Mallory')
  const draft = {
    organisation: { id: 'acme', name: 'Acme' },
    domain: 'production' as const,
    expiry: '2099-01-01T00:00:00.000Z',
    officers: [officer.card],
    officerQuorum: 1,
  }
  first = newPolicy({ ...draft, requesters: [rita.card, rob.card] })
  second = newPolicy({ ...draft, requesters: [rita.card], version: 2, previous: policyDigest(first) })
  const signed = (policy: Policy): PolicyFile => ({
    policy,
    signatures: [policyDocument.sign(officer.identity, policy, 'production')],
  })
  files = { first: signed(first), second: signed(second) }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the checks look at of an opened share. */
function dealt(under: Policy, authorities: Authorities): Dealt {
  return { held: { policyDigest: policyDigest(under) }, envelope: { authorities } } as Dealt
}

const codeOf = (outcome: Outcome<null>): string => (outcome.ok ? 'accepted' : outcome.rule)

test('HOLDER-POLICY a share is looked at with the policy whose hash is in it', () => {
  const share = dealt(first, authoritiesOf(first))
  expect(codeOf(checkDealtUnder(share, first))).toBe('accepted')
  expect(codeOf(checkDealtUnder(share, second))).toBe('HOLDER-POLICY')
  expect(codeOf(checkSharePolicy(share, files.second, null))).toBe('HOLDER-POLICY')
  expect(codeOf(checkSharePolicy(share, files.second, files.second))).toBe('HOLDER-POLICY')
})

test('FHE-AUTHORITIES-OTHER a share has the people of the policy that it was dealt under, whichever came later', () => {
  const later = (authorities: Authorities) =>
    codeOf(checkSharePolicy(dealt(first, authorities), files.second, files.first))
  expect(later(authoritiesOf(first))).toBe('accepted')
  expect(later(authoritiesOf(second))).toBe('FHE-AUTHORITIES-OTHER')
  expect(later({ ...authoritiesOf(first), evaluators: [mallory.card.keys] })).toBe('FHE-AUTHORITIES-OTHER')
  const now = (authorities: Authorities) =>
    codeOf(checkSharePolicy(dealt(second, authorities), files.second, files.first))
  expect(now(authoritiesOf(second))).toBe('accepted')
  expect(now(authoritiesOf(first))).toBe('FHE-AUTHORITIES-OTHER')
  const [rita, rob] = authoritiesOf(first).requesters
  expect(later({ ...authoritiesOf(first), requesters: [rob!, rita!] })).toBe('FHE-AUTHORITIES-OTHER')
})
