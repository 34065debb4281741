import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyBundle } from '@lux/ceremony/bundle'
import { checkSuccessor, policyFileCodec } from '@lux/ceremony/policy'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { findProgram } from '../../src/core/program.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { LedRun, runFolderIn } from './support/lead-window.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let folder: string
let core: CoreInTest
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'officer-change-'))
  core = await startCore(folder, findProgram())
})
afterAll(async () => {
  await core?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const policyOf = (path: string) => {
  const parsed = policyFileCodec.parse(new Uint8Array(readFileSync(path)))
  if (!parsed.ok) throw new Error(parsed.detail)
  return parsed.value
}

test('POLICY-NEXT-MISSING stops a change whose policy is not there; then the officers sign it in the room, and whoever left is gone from it', async () => {
  const led = await LedRun.rehearse(core, 'officer-change')
  await led.lead(({ current }) => current?.id === 'sign-policy')
  const run = runFolderIn(folder)
  const next = join(run, 'next-policy.json')
  renameSync(next, `${next}.away`)
  await led.proceed()
  const stopped = await led.lead(({ current }) => current?.blocked === 'exception-open')
  expect(stopped.current?.failure?.code).toBe('POLICY-NEXT-MISSING')
  renameSync(`${next}.away`, next)
  await led.ask('ceremonies.decide', { decision: 'retry', reason: 'it is there', by: 'Administrator' })
  await led.lead(({ bundle, current }) => bundle !== null && current?.id !== 'seal')
  const before = policyOf(join(run, 'policy.json'))
  const after = policyOf(next)
  expect(checkSuccessor(before.policy, after)).toMatchObject({ ok: true })
  expect(after.policy.officers.map(({ name }) => name)).toEqual([
    'Officer One',
    'Officer Two',
    'Officer who joins',
  ])
  const bytes = new Uint8Array(readFileSync(join(run, 'bundle.zip')))
  const { verdict, checks } = await verifyBundle(
    { size: bytes.length, read: async (from, length) => bytes.subarray(from, from + length) },
    { policy: before },
  )
  expect(verdict).toBe('accepted')
  expect(checks.find(({ id }) => id === 'NEXT-POLICY')?.detail).toBe('version 2: 2 of 3')
})
