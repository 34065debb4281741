import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { verifyBundle } from '../../src/exports/bundle.ts'
import { parsePolicyFile } from '../../src/exports/policy.ts'
import { memoryReader } from '../support/sample-bundle.ts'

const history = join(import.meta.dirname, '../../history/0.1.0')
const bundle = memoryReader(readFileSync(join(history, 'bundle.zip')))
const parsed = parsePolicyFile(readFileSync(join(history, 'policy.json')))
if (!parsed.ok) throw new Error(parsed.detail)
const policy = parsed.value

test('MANIFEST-SIGNATURES a verdict names the officers whose signatures it verified, and those who did not sign', async () => {
  const { signers, contents } = await verifyBundle(bundle, { policy })
  const officers = policy.policy.officers.map(({ name }) => name)
  expect(officers).toHaveLength(3)
  expect([...(contents?.people.values() ?? [])].filter(({ kind }) => kind === 'officer')).toHaveLength(3)
  expect(signers).toEqual({ signed: ['Ada', 'Berta'], missing: [officers[2]] })
})

test('MANIFEST-SIGNATURES without a policy, or with one that its own officers did not sign, a verdict names nobody', async () => {
  expect(await verifyBundle(bundle)).toMatchObject({ verdict: 'signers-unknown', signers: null })
  const unsigned = { ...policy, signatures: [] }
  expect(await verifyBundle(bundle, { policy: unsigned })).toMatchObject({
    verdict: 'refused',
    signers: null,
  })
})
