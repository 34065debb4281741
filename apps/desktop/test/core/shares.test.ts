import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listShares, noteSent, shareReceived } from '../../src/core/services/people.ts'
import type { ServiceContext } from '../../src/core/services/shared/service-context.ts'
import { Store } from '../../src/core/store/store.ts'

const id = '0a'.repeat(16)
const holders = ['Hana', 'Ivan', 'Juno']
let place: string
let store: Store
let folder: { state: Record<string, unknown>; plan: Record<string, unknown> }
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'shares-'))
  store = new Store(place)
  folder = {
    state: { ceremonyId: id, domain: 'production', fhe: null, reshare: null, epoch: null },
    plan: { title: 'Payroll', fhe: { id: 'payroll', holders } },
  }
})
afterEach(() => {
  store.close()
  rmSync(place, { recursive: true, force: true })
})

/** What the service reads of a run: its folder's state and plan, and of the store what was noted. */
function parts(now = '2026-11-29T09:00:00.000Z'): ServiceContext {
  const run = { folder }
  const given = {
    store: {
      runs: () => [{ id, folder: place, created: now }],
      shareWays: () => store.shareWays(),
      noteShareWay: (row: Parameters<Store['noteShareWay']>[0]) => store.noteShareWay(row),
    },
    runs: { get: () => ({ run }) },
    clock: { now: () => now },
  }
  return given as unknown as ServiceContext
}

const states = () => listShares(parts()).shares.map(({ name, state }) => `${name} ${state}`)
const sent = (holder: string, by: 'codes' | 'files') =>
  noteSent(parts(), folder as never, { holders: [holder], by })

test('SHARE-WAY a share is what log and store say of it: dealt by the log, sent and received as noted, proved by the log, also after a restart', () => {
  expect(states()).toEqual(['Hana enrolled', 'Ivan enrolled', 'Juno enrolled'])
  const fhe = { acknowledged: [] as string[] }
  folder.state.fhe = fhe
  expect(states()).toEqual(['Hana dealt', 'Ivan dealt', 'Juno dealt'])
  sent('Hana', 'codes')
  sent('Ivan', 'files')
  shareReceived(parts('2026-11-29T09:05:00.000Z'), { id, epoch: 0, holder: 'Hana' })
  expect(states()).toEqual(['Hana received', 'Ivan sent', 'Juno dealt'])
  store.close()
  store = new Store(place)
  fhe.acknowledged.push('Ivan')
  expect(listShares(parts()).shares).toMatchObject([
    {
      name: 'Hana',
      state: 'received',
      sent: { by: 'codes', at: '2026-11-29T09:00:00.000Z' },
      received: { at: '2026-11-29T09:05:00.000Z' },
    },
    // Proved by its holder, though nobody said that it was received: nothing is made up in between.
    { name: 'Ivan', state: 'proved', sent: { by: 'files' }, received: null },
    { name: 'Juno', state: 'dealt', sent: null, received: null },
  ])
})

test('SHARE-NOT-SENT nobody has received what was not sent from here, and nobody else has', () => {
  folder.state.fhe = { acknowledged: [] }
  const refused = expect.objectContaining({ code: 'SHARE-NOT-SENT' })
  expect(() => shareReceived(parts(), { id, epoch: 0, holder: 'Hana' })).toThrow(refused)
  sent('Hana', 'codes')
  expect(() => shareReceived(parts(), { id, epoch: 1, holder: 'Hana' })).toThrow(refused)
  expect(() => shareReceived(parts(), { id, epoch: 0, holder: 'Nobody' })).toThrow(refused)
  expect(states()).toEqual(['Hana sent', 'Ivan dealt', 'Juno dealt'])
})

test('SHARE-WAY the next epoch of a key has shares of its own, and those of the one before stay as they are', () => {
  folder.state.fhe = { acknowledged: holders }
  folder.plan.reshare = { holders: ['Ivan', 'Kim'] }
  folder.state.reshare = { old: { epoch: 0 }, next: { epoch: 1 }, acknowledgements: [null, 'digest'] }
  sent('Ivan', 'codes')
  const told = listShares(parts()).shares.map(({ name, epoch, state }) => `${name} ${epoch} ${state}`)
  expect(told).toEqual(['Hana 0 proved', 'Ivan 0 proved', 'Juno 0 proved', 'Ivan 1 sent', 'Kim 1 proved'])
})
