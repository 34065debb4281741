import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { resumeCeremony } from '../../src/cli/ceremony/resume.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { ended, ProductionPlace } from './support/production-place.ts'
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

test('TOOL-UNACCEPTED a run goes on under the build that it began with, in the window too', async () => {
  const grant = (path: string) => {
    core.grant({ use: 'read', path })
    return path
  }
  const lock = grant(place.file('plan.lock.json'))
  const begun = await core.call('ceremonies.open', { plan: grant(place.plan), lock })
  const { id } = Object(begun.ok ? begun.value : null)
  const viewed = await core.call('ceremonies.view', { id })
  const { current, folder } = Object(viewed.ok ? viewed.value : null)
  const by = current.actor.name
  const goOn = () => core.call('ceremonies.proceed', { id, step: current.id, by, input: { confirmed: true } })
  await core.stop()
  const upgraded = { ...place.program.measurement, build: 'b2'.repeat(32) }
  core = await startCore(place.file('workstation'), { ...place.program, measurement: upgraded })
  const path = grant(place.file('plan.lock.json'))
  const calls = [
    goOn(),
    core.call('ceremonies.resume', { id, by }),
    core.call('ceremonies.submitFile', { id, path }),
    core.call('ceremonies.enterPin', { id, token: 'ceremony', user: 'user', pin: '246810' }),
  ]
  for (const refused of await Promise.all(calls))
    expect(refused).toMatchObject({ ok: false, error: { code: 'TOOL-UNACCEPTED' } })
  await core.stop()
  const byCommand = await ended(resumeCeremony(folder, {}, place.program))
  expect(byCommand).toMatchObject({
    exit: 2,
    json: { code: 'CEREMONY-UNKNOWN', remedy: expect.stringContaining('window') },
  })
  core = await startCore(place.file('workstation'), place.program)
  const aborted = await core.call('ceremonies.abort', { id, by, reason: 'it was another build' })
  expect(aborted).toMatchObject({ ok: true, value: { state: 'aborted' } })
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
