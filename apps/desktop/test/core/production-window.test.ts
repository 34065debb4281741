import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { ProductionPlace } from './support/production-place.ts'
import { verdictOf } from './support/run-end.ts'
import { WindowPerson } from './support/window-person.ts'

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

test('a production run is led in the window to its end: people sign files on their own devices, and nobody stands in', async () => {
  const pins = { so: '13579135', user: '246810' }
  const signed = (request: string, name: string) => place.signed(request, name)
  const person = new WindowPerson({ core, folder: place.home, pins, signed })
  const opened = await core.call('ceremonies.open', {
    plan: person.chosen(place.plan),
    lock: person.chosen(place.file('plan.lock.json')),
  })
  const { id } = Object(opened.ok ? opened.value : null)
  const run = await person.lead(id)
  expect(run).toMatchObject({ state: 'closed', domain: 'production' })
  expect([...person.asked]).toEqual(['opening', 'checkpoint', 'bundle'])
  expect(await verdictOf(run.folder)).toBe('accepted')
  const out = join(run.folder, 'out')
  expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
})
