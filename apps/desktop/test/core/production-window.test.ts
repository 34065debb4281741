import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { RunView } from '../../src/contract/index.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { ProductionPlace } from './support/production-place.ts'
import { verdictOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 120_000 })

let place: ProductionPlace
let core: CoreInTest
beforeAll(async () => {
  place = new ProductionPlace()
  mkdirSync(place.file('workstation'))
  core = await startCore(place.file('workstation'), place.program)
})
afterAll(async () => {
  await core.stop()
  place.remove()
})

async function view(api: string, input: object): Promise<RunView> {
  const answer = await core.call(api, input)
  if (!answer.ok) throw new Error(`${api}: ${answer.error.code} ${answer.error.detail}`)
  // Each of these APIs answers with the run.
  return answer.value as RunView
}

/** Chosen in a dialog of the system, as every path of the window. */
function chosen(path: string): string {
  core.grant({ use: 'read', path })
  return path
}

const pins = { so: '13579135', user: '246810' }

/** Does what the window shows now: enters PINs, takes in what people signed, or goes on. */
async function act(run: RunView, asked: string[]): Promise<RunView> {
  const { id, current } = run
  if (current === null || current.blocked === 'machine-works') {
    await new Promise((resolve) => setTimeout(resolve, 100))
    return view('ceremonies.view', { id })
  }
  for (const need of current.needs) {
    if (need.need === 'sign') {
      asked.push(need.what)
      expect(need.signers.some(({ standIn }) => standIn)).toBe(false)
      expect(need.file).toMatch(/out\/\d+-[a-z]+\.json$/)
      const left = need.signers.filter(({ signed }) => !signed).slice(0, need.required)
      for (const { name } of left) {
        const path = place.file(`answer-of-${name}.json`)
        writeFileSync(path, place.signed(need.file, name))
        const after = await view('ceremonies.submitFile', { id, path: chosen(path) })
        if (after.current?.needs[0]?.need !== 'sign') return after
      }
      return view('ceremonies.view', { id })
    }
    if (need.need === 'pin' && !need.taken)
      await view('ceremonies.enterPin', { id, token: need.token, user: need.user, pin: pins[need.user] })
  }
  expect(current.failure).toBe(null)
  const asks = current.needs.some(
    (need) => need.need === 'values' && need.fields.some(({ name }) => name === 'wall-clock'),
  )
  const input = asks ? { values: { 'wall-clock': '2026-01-31T09:30Z' } } : undefined
  return view('ceremonies.proceed', {
    id,
    step: current.id,
    by: current.actor.name,
    ...(input ? { input } : {}),
  })
}

test('a production run is led in the window to its end: people sign files on their own devices, and nobody stands in', async () => {
  const opened = await core.call('ceremonies.open', {
    plan: chosen(place.plan),
    lock: chosen(place.file('plan.lock.json')),
  })
  const { id } = Object(opened.ok ? opened.value : null)
  let run = await view('ceremonies.view', { id })
  const asked: string[] = []
  for (let round = 0; round < 400 && run.state !== 'closed'; round += 1) run = await act(run, asked)
  expect(run).toMatchObject({ state: 'closed', domain: 'production' })
  expect([...new Set(asked)]).toEqual(['opening', 'checkpoint', 'bundle'])
  expect(await verdictOf(run.folder)).toBe('accepted')
  const out = join(run.folder, 'out')
  expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
})
