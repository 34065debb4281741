import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { placeFor, plannedServer } from './support/planned-server.ts'
import { ProductionPlace } from './support/production-place.ts'
import { WindowPerson } from './support/window-person.ts'

vi.setConfig({ testTimeout: 120_000 })

let place: ProductionPlace
let core: CoreInTest
let person: WindowPerson

async function enter(made: ProductionPlace): Promise<void> {
  place = made
  mkdirSync(place.file('workstation'))
  core = await startCore(place.file('workstation'), place.program)
  person = new WindowPerson({
    core,
    folder: place.home,
    pins: { so: '13579135', user: '246810' },
    signed: (request, name) => place.signed(request, name),
  })
}
afterEach(async () => {
  await core.stop()
  place.remove()
})

/** A run that was put into the store, and whose log is no database. */
function damage(): string {
  const folder = place.file('workstation/store/ceremonies/old')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'ceremony.db'), 'x'.repeat(9000))
  return folder
}

const open = () =>
  core.call('ceremonies.open', {
    plan: person.chosen(place.plan),
    lock: person.chosen(place.file('plan.lock.json')),
  })

describe('one run of the store that cannot be read', () => {
  describe('beside a run for no server', () => {
    beforeEach(() => enter(new ProductionPlace()))

    test('keeps nobody from sealing and closing it', async () => {
      damage()
      const opened = await open()
      const { id } = Object(opened.ok ? opened.value : null)
      expect(await person.lead(id)).toMatchObject({ state: 'closed', exception: null })
    })
  })

  describe('beside a run for a server', () => {
    beforeEach(async () => enter(placeFor([await plannedServer()])))

    test('LINEAGE-UNREADABLE is named before anything is made, with its folder', async () => {
      const folder = damage()
      const refused = await open()
      expect(refused).toMatchObject({
        ok: false,
        error: { code: 'LINEAGE-UNREADABLE', detail: expect.stringContaining(`${folder}: STORE-DAMAGED`) },
      })
      renameSync(folder, place.file('old'))
      expect(await open()).toMatchObject({ ok: true })
    })

    test('LINEAGE-UNREADABLE at the seal is an exception, and a second try seals once the folder is away', async () => {
      const opened = await open()
      const { id } = Object(opened.ok ? opened.value : null)
      const folder = damage()
      await expect(person.lead(id)).rejects.toThrow(/LINEAGE-UNREADABLE/)
      expect(await person.view('ceremonies.view', { id })).toMatchObject({
        exception: { step: 'seal', code: 'LINEAGE-UNREADABLE', decisions: ['retry', 'abort'] },
      })
      renameSync(folder, place.file('old'))
      await person.view('ceremonies.decide', { id, by: 'Ada', decision: 'retry', reason: 'it is moved away' })
      expect(await person.lead(id)).toMatchObject({ state: 'exported' })
    })
  })
})
