import { encodePolicyFile, type PolicyFile, policyDigest, policyDocument } from '@lux/ceremony/policy'
import { expect, test } from 'vitest'
import { memberOf } from '../../../../packages/ceremony/src/policy/make.ts'
import { makePerson } from '../../../../packages/ceremony/test/support/people.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { build, importBench, pin, refusedBy, rootsInToken, take } from '../support/import-bench.ts'

const bench = importBench()

/** Pins version 2, in which Dora and Emil are officers and nobody of version 1 is. */
async function supersede({ policy }: PolicyFile): Promise<void> {
  const person = (name: string) => makePerson('officer', name, 'production')
  const next = [person('Dora'), person('Emil')]
  const policy2 = {
    ...policy,
    version: 2,
    previous: policyDigest(policy),
    officers: next.map(({ card }) => memberOf(card)),
  }
  const signatures = [person('Ada'), person('Berta'), ...next].map(({ identity }) =>
    policyDocument.sign(identity, policy2, 'production'),
  )
  expect(
    await pinPolicy(bench.state, 'production', encodePolicyFile({ policy: policy2, signatures })),
  ).toMatchObject({ ok: true })
}

test('POLICY-SUPERSEDED refuses a bundle under a policy that is not the newest pinned any more', async () => {
  const bundle = await build(bench)
  await pin(bench, bundle)
  await supersede(bundle.policy)
  const result = await take(bench, bundle.bytes)
  expect(refusedBy(bench, result)).toBe('POLICY-SUPERSEDED')
  expect(result.state === 'refused' ? result.detail : '').toMatch(/version 1, .* version 2/)
  expect(await rootsInToken(bench)).toBe(0)
})

test('a bundle that is in already answers with its receipt under whatever policy is pinned since', async () => {
  const bundle = await build(bench)
  await pin(bench, bundle)
  const first = await take(bench, bundle.bytes)
  expect(first.state).toBe('imported')
  await supersede(bundle.policy)
  expect(await take(bench, bundle.bytes)).toEqual(first)
})

test('an import that was cut short goes on under the policy that it began under', async () => {
  const bundle = await build(bench)
  await pin(bench, bundle)
  bench.crashAt = 'transport-destroyed'
  await expect(take(bench, bundle.bytes)).rejects.toThrow('crash')
  bench.crashAt = null
  await supersede(bundle.policy)
  expect(await take(bench, bundle.bytes)).toMatchObject({ state: 'imported' })
})

test('POLICY-SUPERSEDED whoever can write to the database alone begins no import under an earlier policy', async () => {
  const bundle = await build(bench)
  await pin(bench, bundle)
  await supersede(bundle.policy)
  const { predicate } = bundle
  await bench.parts.database
    .insertInto('policy')
    .values({
      digest: policyDigest(bundle.policy.policy),
      version: 1,
      domain: 'production',
      document: JSON.stringify(bundle.policy.policy),
    })
    .execute()
  await bench.parts.database
    .insertInto('bundle_import')
    .values({
      digest: bundle.digest,
      file_digest: 'aa'.repeat(32),
      audience: predicate.audience,
      ceremony_id: predicate.ceremonyId,
      sequence: predicate.sequence,
      previous: predicate.previous,
      policy_digest: policyDigest(bundle.policy.policy),
      state: 'staged',
      rule: null,
      receipt: null,
      provenance: null,
      finished_at: null,
    })
    .execute()
  expect(refusedBy(bench, await take(bench, bundle.bytes))).toBe('POLICY-SUPERSEDED')
})
