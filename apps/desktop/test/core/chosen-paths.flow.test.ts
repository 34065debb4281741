import { mkdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { ProductionPlace } from './support/production-place.ts'

vi.setConfig({ testTimeout: 60_000 })

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

const refused = { ok: false, error: { code: 'SHELL-PATHS' } }
const asked = () => ({ plan: place.plan, lock: place.file('plan.lock.json') })

test('SHELL-PATHS a locked plan is opened once both its files were chosen, with what lies beside the plan', async () => {
  expect(await core.call('ceremonies.open', asked())).toMatchObject(refused)
  core.grant({ use: 'read', path: place.plan })
  expect(await core.call('ceremonies.open', asked())).toMatchObject(refused)
  core.grant({ use: 'read', path: place.file('plan.lock.json') })
  const opened = await core.call('ceremonies.open', asked())
  expect(opened).toMatchObject({ ok: true, value: { id: expect.stringMatching(/^[0-9a-f]{32}$/) } })
  const id = opened.ok ? Object(opened.value).id : ''
  expect(await core.call('ceremonies.view', { id })).toMatchObject({
    ok: true,
    value: { domain: 'production', title: 'Production chain' },
  })
})

test('SHELL-PATHS what lies beside a chosen plan is not chosen itself', async () => {
  const path = place.file('policy.json')
  expect(await core.call('bundles.verify', { path: place.plan, policy: path })).toMatchObject(refused)
  expect(await core.call('holders.enrol', { path: place.file('cards/Ada.json') })).toMatchObject(refused)
})
