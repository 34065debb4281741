import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hsm, startHsm } from '@lux/hsm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rehearsed } from './support/rehearsed.ts'

let dir: string
let hsm: Hsm
beforeEach(async () => {
  const library = process.env.LUX_KRYOPTIC
  if (library === undefined) throw new Error('LUX_KRYOPTIC is not set: npm run interop -- --token')
  dir = mkdtempSync(join(tmpdir(), 'measured-kryoptic-'))
  const configuration = join(dir, 'token.conf')
  const database = join(dir, 'token.sql')
  writeFileSync(configuration, `[[slots]]\nslot = 1\ndbtype = "sqlite"\ndbargs = "${database}"\n`)
  hsm = await startHsm({ library, environment: { KRYOPTIC_CONF: configuration }, callTimeoutMs: 120_000 })
})
afterEach(async () => {
  await hsm?.close()
  rmSync(dir, { recursive: true, force: true })
})

test.each(['root-kek', 'key-hierarchy'])(
  '%s is rehearsed on kryoptic as a measured token, and both verifiers accept its bundle',
  async (script) => {
    // No window: nobody can mark a key as trusted on kryoptic.
    const needs = ['kwp', 'unwrap-template', 'gcm']
    const { plan } = await rehearsed({ hsm, dir, script, values: { profile: 'measured', needs } })
    expect(plan.tokens).toMatchObject([{ profile: 'measured', needs }])
  },
)
