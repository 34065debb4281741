import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { verifyBundle } from '@lux/ceremony/bundle'
import { policyFileCodec } from '@lux/ceremony/policy'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { findProgram } from '../../src/core/program.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { LedRun } from './support/lead-window.ts'

vi.setConfig({ testTimeout: 120_000 })

let folder: string
let core: CoreInTest
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heartbeat-window-'))
  core = await startCore(folder, findProgram())
})
afterAll(async () => {
  await core?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a heartbeat led in the window goes on without a holder who states nothing, once the administrator says so', async () => {
  const led = await LedRun.rehearse(core, 'holder-heartbeat')
  await led.lead(({ current }) => current?.id === 'take-heartbeats')
  const state = (name: string) => led.ask('ceremonies.signAsStandIn', { what: 'heartbeat', name })
  await state('Holder One')
  await state('Holder Three')
  let run = await led.view()
  expect(run.current).toMatchObject({
    id: 'take-heartbeats',
    mayProceed: true,
    needs: [
      {
        need: 'sign',
        what: 'heartbeat',
        required: 3,
        signers: [
          { name: 'Holder One', signed: true },
          { name: 'Holder Three', signed: true },
          { name: 'Holder Two', signed: false },
        ],
      },
    ],
  })
  await led.proceed()
  run = await led.lead(({ bundle, current }) => bundle !== null && current?.id !== 'seal')
  const { path = '' } = run.bundle ?? {}
  const policy = policyFileCodec.parse(new Uint8Array(readFileSync(join(dirname(path), 'policy.json'))))
  if (!policy.ok) throw new Error(policy.detail)
  const bytes = new Uint8Array(readFileSync(path))
  const { verdict, checks } = await verifyBundle(
    { size: bytes.length, read: async (from, length) => bytes.subarray(from, from + length) },
    { policy: policy.value },
  )
  expect(verdict).toBe('accepted')
  expect(checks.find(({ id }) => id === 'HEARTBEATS')?.detail).toBe('2 of 3 holders; overdue: Holder Two')
})
