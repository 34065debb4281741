import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

test('the window is told who signed a bundle, of three officers in its room, as the policy lets it be verified', async () => {
  expect(await core.call('bundles.verify', { path, policy })).toMatchObject({
    ok: true,
    value: { contents: { signers: { signed: ['Ada', 'Berta'], missing: [expect.any(String)] } } },
  })
  expect(await core.call('bundles.verify', { path })).toMatchObject({
    ok: true,
    value: { verdict: 'consistent', contents: { signers: null } },
  })
})
