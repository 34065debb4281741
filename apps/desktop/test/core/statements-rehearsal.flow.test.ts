import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { RunView } from '../../src/contract/index.ts'
import { findProgram } from '../../src/core/program.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'

vi.setConfig({ testTimeout: 120_000 })

let folder: string
let core: CoreInTest
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'statements-rehearsal-'))
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
  const input = { ...values, heard: current.compares.map(({ digest }) => ({ digest, by: [] })) }
  await asked('ceremonies.proceed', { id, step: current.id, by: current.actor.name, input })
}

test('EPOCH-02 a rehearsal led in the window may have every stand-in say what is left, until the epoch is assembled', async () => {
  const { id } = await asked<{ id: string }>('ceremonies.startRehearsal', { script: 'resharing', values: {} })
  const view = () => asked<RunView>('ceremonies.view', { id })
  const isThere = ({ current }: RunView) => current?.id === 'assemble-epoch' && current.blocked === null
  let run = await view()
  const lead = async () => {
    for (let round = 0; round < 600 && !isThere(run); round += 1) {
      await act(run)
      run = await view()
    }
  }
  await lead()
  await asked('ceremonies.pause', { id, by: run.current?.actor.name })
  await vi.waitUntil(async () => (await view()).state === 'paused', 60_000)
  expect(await view()).toMatchObject({ carried: { carried: 1, whole: 2 }, mayState: false })
  run = await asked<RunView>('ceremonies.resume', { id, by: run.current?.actor.name })
  await lead()
  expect(run).toMatchObject({ carried: { carried: 1, whole: 2 }, mayState: true, statementCommands: null })
  const [name = '', ...more] = run.unstated
  expect(more).toEqual([])
  expect(run.people).toContainEqual({ name, role: 'holder', standIn: true })
  expect(await asked('ceremonies.signAsStandIn', { id, what: 'epoch-approval', name })).toMatchObject({
    unstated: [],
    carried: null,
    current: { id: 'assemble-epoch' },
  })
})
