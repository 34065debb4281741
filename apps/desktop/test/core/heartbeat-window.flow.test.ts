import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { verifyBundle } from '@lux/ceremony/bundle'
import { policyFileCodec } from '@lux/ceremony/policy'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { RunView } from '../../src/contract/index.ts'
import { findProgram } from '../../src/core/program.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'

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

async function asked<T>(api: string, input: object): Promise<T> {
  const answer = await core.call(api, input)
  if (!answer.ok) throw new Error(`${api}: ${answer.error.code} ${answer.error.detail}`)
  // Each caller names what its API answers with.
  return answer.value as T
}

/** Whoever sits alone at the window goes on with what a step asks for, and has as many stand-ins sign as are needed. */
async function act({ id, current }: RunView): Promise<void> {
  if (current === null || current.blocked === 'machine-works')
    return new Promise((resolve) => setTimeout(resolve, 100))
  for (const need of current.needs) {
    if (need.need === 'sign') {
      const { name = '' } = need.signers.find(({ signed, standIn }) => standIn && !signed) ?? {}
      await asked('ceremonies.signAsStandIn', { id, what: need.what, name })
      return
    }
  }
  const values = current.needs.some(({ need }) => need === 'values')
    ? { values: { 'wall-clock': new Date().toISOString() } }
    : {}
  await asked('ceremonies.proceed', { id, step: current.id, by: current.actor.name, input: values })
}

test('a heartbeat led in the window goes on without a holder who states nothing, once the administrator says so', async () => {
  const { id } = await asked<{ id: string }>('ceremonies.startRehearsal', {
    script: 'holder-heartbeat',
    values: {},
  })
  const view = () => asked<RunView>('ceremonies.view', { id })
  let run = await view()
  const lead = async (until: (run: RunView) => boolean) => {
    for (let round = 0; round < 900 && !until(run); round += 1) {
      await act(run)
      run = await view()
    }
  }
  await lead(({ current }) => current?.id === 'take-heartbeats')
  const state = (name: string) => asked('ceremonies.signAsStandIn', { id, what: 'heartbeat', name })
  await state('Holder One')
  await state('Holder Three')
  run = await view()
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
  await asked('ceremonies.proceed', {
    id,
    step: 'take-heartbeats',
    by: run.current?.actor.name,
    input: {},
  })
  run = await view()
  await lead(({ bundle, current }) => bundle !== null && current?.id !== 'seal')
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
