import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import type { BundleContents } from '@lux/ceremony/bundle'
import {
  checkSuccessor,
  encodePolicyFile,
  memberOf,
  type Policy,
  type PolicyFile,
  parsePolicyFile,
  policyDigest,
  policyDocument,
} from '@lux/ceremony/policy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enrolled } from '../cli/support/people.ts'
import { FhePeople } from './support/fhe-people.ts'
import { FheRuns } from './support/fhe-runs.ts'
import { room } from './support/production-people.ts'

let place: FhePeople
let runs: FheRuns
let spare = ''
/** Of the root that lies in both tokens, as the bundle of its birth says it. */
let root: Record<string, unknown> = {}
/** Of the bundle that made keys below that root. */
let hierarchy: BundleContents

beforeAll(async () => {
  place = await FhePeople.gathered({}, {}, room)
  runs = new FheRuns(place)
  spare = await place.addToken('spare')
})
afterAll(() => place?.remove())

/** A shipped script as a locked plan, run until it is closed; gives what its bundle holds. */
async function closed(
  name: string,
  script: string,
  values: Record<string, unknown>,
  more: { spare?: string } = {},
) {
  place.writePlan(name, script, values)
  const left = await runs.past(name, await runs.begin(name, more))
  expect(left).toMatchObject({ exit: 0, json: { state: 'Closed', domain: 'production' } })
  return runs.bundleOf(name)
}

function policyOf(path: string): PolicyFile {
  const parsed = parsePolicyFile(new Uint8Array(readFileSync(path)))
  if (!parsed.ok) throw new Error(parsed.detail)
  return parsed.value
}

test('a root comes into two tokens by one window in production, and keys are made below it', async () => {
  const made = await closed('several', 'root-several', { spareSerial: spare }, { spare })
  const [proof] = made.predicate.possession
  const [key] = made.predicate.keyEvidence.filter(({ id }) => id === 'root-kek')
  const birth = made.predicate.wrapTree[0]?.root
  expect(made.predicate.replicas).toMatchObject([{ token: 'spare', serial: spare, digest: proof?.digest }])
  root = { rootCkaId: key?.ckaId, rootId: birth?.rootId, rootCeremony: birth?.born }
  const ids = { organisationKey: 'organisation-kek', projectKey: 'project-kek', dataKey: 'data-key' }
  hierarchy = await closed('hierarchy', 'key-hierarchy', { ...root, ...ids })
  expect(hierarchy.predicate.wrapTree.map(({ id }) => id)).toEqual(['root-kek', ...Object.values(ids)])
  root = { ...root, rootMechanism: proof?.mechanism, rootPossession: proof?.digest }
})

test('the root and the key of the organisation are rotated in production: each names whose place it takes', async () => {
  const { digest } = hierarchy
  const { predicate } = await closed('rotation', 'kek-rotation', { earlierBundle: digest })
  expect(predicate.wrapTree.map(({ id, version, replaces }) => [id, version, replaces])).toEqual(
    ['root-kek', 'organisation-kek'].map((id) => [id, 2, { bundle: digest, id, version: 1 }]),
  )
})

test('a key is revoked in production', async () => {
  const { digest } = hierarchy
  const { predicate } = await closed('revocation', 'revocation', { earlierBundle: digest })
  expect(predicate.revokes).toEqual([{ bundle: digest, id: 'data-key', version: 1 }])
})

test('an officer comes in the place of another in production: the officers of the policy sign the next one', async () => {
  const { policy: before } = policyOf(place.file('policy.json'))
  const oscar = await enrolled(place.home, 'officer', 'Oscar')
  const comes = memberOf(oscar.card)
  const leaves = before.officers.at(-1)!
  const changed = (change: 'added' | 'removed', { name, card }: typeof comes) =>
    ({ role: 'officer', name, card, change, reason: 'she retires' }) as const
  const next: Policy = {
    ...before,
    version: 2,
    previous: policyDigest(before),
    officers: [...before.officers.slice(0, -1), comes],
    changes: [changed('added', comes), changed('removed', leaves)],
  }
  const ahead = [policyDocument.sign(oscar.identity, next, 'production')]
  writeFileSync(place.file('next-policy.json'), encodePolicyFile({ policy: next, signatures: ahead }))
  place.writePlan('officers', 'officer-change', { nextPolicy: policyDigest(next) })
  const begun = await runs.begin('officers')
  copyFileSync(place.file('next-policy.json'), place.file('officers', 'next-policy.json'))
  expect(await runs.past('officers', begun)).toMatchObject({ exit: 0, json: { state: 'Closed' } })
  await runs.bundleOf('officers')
  const after = policyOf(place.file('officers', 'next-policy.json'))
  expect(checkSuccessor(before, after)).toMatchObject({ ok: true })
  expect(after.policy.officers.map(({ name }) => name)).toEqual(['Otto', 'Oscar'])
})

test('a root is decommissioned in production: each token gives its proof, and then has it no more', async () => {
  const { predicate } = await closed(
    'decommission',
    'decommission',
    { ...root, spareSerial: spare },
    { spare },
  )
  expect(predicate.decommissioned).toMatchObject([
    { token: 'spare', serial: spare, id: 'root-kek' },
    { token: 'ceremony', id: 'root-kek' },
  ])
})
