import { checkPolicy, encodePolicyFile, policyDigest } from '@lux/ceremony/policy'
import { beforeAll, expect, test } from 'vitest'
import { enrol, policyToSign, preparePolicy, signPolicy } from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { entropyOf, now, shareWorld, type World } from '../support/share-world.ts'

let world: World
beforeAll(async () => {
  world = await shareWorld()
})
const unsigned = (change: object = {}) =>
  encodePolicyFile({ policy: { ...world.policy, ...change }, signatures: [] })

test('an officer reads the whole policy and its words, and signs its very bytes', () => {
  const prepared = accepted(preparePolicy(accepted(policyToSign(unsigned())), world.officer, now))
  expect(prepared.lines[0]).toBe('Policy 1 of Acme (acme), production')
  expect(prepared).toMatchObject({ digest: policyDigest(world.policy), warnings: [] })
  expect(prepared.words).toHaveLength(32)
  const { file, bytes } = signPolicy(prepared)
  expect(accepted(checkPolicy(file))).toEqual(world.policy)
  const again = accepted(policyToSign(bytes))
  expect(ruleOf(preparePolicy(again, world.officer, now))).toBe('SIGNATURE-DUPLICATE')
})

test('POLICY-SIGNER REQUEST-DOMAIN nobody else signs it, and an officer of the other domain neither', async () => {
  const asked = accepted(policyToSign(unsigned()))
  const officer = async (domain: 'production' | 'rehearsal') =>
    accepted(await enrol({ kind: 'officer', domain, name: 'Bob' }, entropyOf(`Bob ${domain}`))).key
  expect(ruleOf(preparePolicy(asked, world.people.approver, now))).toBe('POLICY-SIGNER')
  expect(ruleOf(preparePolicy(asked, await officer('production'), now))).toBe('POLICY-SIGNER')
  expect(ruleOf(preparePolicy(asked, await officer('rehearsal'), now))).toBe('REQUEST-DOMAIN')
  const next = accepted(policyToSign(unsigned({ version: 2, previous: policyDigest(world.policy) })))
  // Who is an officer of the version before signs the next one too, without being in it.
  expect(ruleOf(preparePolicy(next, await officer('production'), now))).toBe('accepted')
})

test('POLICY-EXPIRED an officer is warned of a policy that has expired; one that makes no sense is not shown at all', () => {
  const late = accepted(policyToSign(unsigned({ expiry: '2026-01-01T00:00:00.000Z' })))
  expect(accepted(preparePolicy(late, world.officer, now)).warnings).toEqual([
    expect.stringContaining('POLICY-EXPIRED'),
  ])
  expect(ruleOf(policyToSign(unsigned({ officerQuorum: 2 })))).toMatch(/^POLICY-/)
  expect(ruleOf(policyToSign(unsigned().subarray(1)))).not.toBe('accepted')
})
