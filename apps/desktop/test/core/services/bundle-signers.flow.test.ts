import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePolicyFile, policyDigest } from '@lux/ceremony/policy'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findProgram } from '../../../src/core/program.ts'
import { type CoreInTest, startCore } from '../support/core-in-test.ts'

const history = join(import.meta.dirname, '../../../../../packages/ceremony/history/0.1.0')
const folder = mkdtempSync(join(tmpdir(), 'lux-signers-'))
const path = join(history, 'bundle.zip')
const policy = join(history, 'policy.json')
let core: CoreInTest

beforeAll(async () => {
  core = await startCore(folder, findProgram())
  for (const file of [path, policy]) core.grant({ use: 'read', path: file })
})
afterAll(async () => {
  await core.stop()
  rmSync(folder, { recursive: true })
})

test('the window is told by which policy, and who signed a bundle, of three officers in its room, as it lets that be verified', async () => {
  const read = parsePolicyFile(readFileSync(policy))
  if (!read.ok) throw new Error(read.detail)
  const law = read.value.policy
  expect(await core.call('bundles.verify', { path, policy })).toMatchObject({
    ok: true,
    value: {
      policy: { organisation: law.organisation.name, domain: law.domain, digest: policyDigest(law) },
      contents: { signers: { signed: ['Ada', 'Berta'], missing: [expect.any(String)] } },
    },
  })
  // As the command says it.
  expect(await core.call('bundles.verify', { path, policy: path })).toMatchObject({
    error: { code: 'POLICY-MALFORMED' },
  })
  expect(await core.call('bundles.verify', { path })).toMatchObject({
    ok: true,
    value: { verdict: 'consistent', policy: null, contents: { signers: null } },
  })
})
