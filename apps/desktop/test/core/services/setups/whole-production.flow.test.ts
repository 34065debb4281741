import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { SetupView, VerifyView } from '../../../../src/contract/index.ts'
import { type Destination, makeDestination } from '../../support/destination.ts'
import { receiptFor } from '../../support/run-end.ts'
import { SetupRoom } from '../../support/setup-room.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

let room: SetupRoom
let server: Destination
beforeAll(async () => {
  room = await SetupRoom.opened()
  mkdirSync(join(room.folder, 'server'))
  server = await makeDestination(join(room.folder, 'server'), 'production')
})
afterAll(async () => {
  await server?.hsm.close()
  await room?.close()
})

const people = [
  ['administrator', 'Ada'],
  ['operator', 'Olga'],
  ['so', 'Sam'],
  ['officer', 'Otto'],
  ['officer', 'Ophelia'],
  ['witness', 'Walter'],
  ['witness', 'Wanda'],
  ['holder', 'Hal'],
  ['holder', 'Ida'],
  ['holder', 'Jan'],
  ['approver', 'Abe'],
  ['requester', 'Rita'],
  ['encryptor', 'Enno'],
  ['evaluator', 'Eva'],
] as const

test('from nothing to export and receipt in the window: a server, its transport key, holders who receive there, and nobody elsewhere', async () => {
  await room.begin('production', people)
  const card = await room.take(join(server.folder, 'card.json'))
  expect(card.servers).toMatchObject([{ audience: server.audience, transport: false }])
  await room.sign('policy', 'Otto', 'Ophelia')
  // The transport file is of this one ceremony, and comes once the server trusts the policy.
  const planned = await room.take(join(server.folder, 'transport.json'))
  expect(planned.servers).toMatchObject([{ transport: true }])
  expect(planned.policy.signers.filter(({ signed }) => signed)).toHaveLength(2)
  const { script } = await room.change({
    script: 'first-run',
    values: { fheMode: 'F', fheSquash: 'false' },
  })
  expect(script).toMatchObject({ faults: [], rolesMissing: [] })
  await room.rehearsed()
  await room.sign('plan', 'Otto', 'Ophelia')
  const { run } = await room.said<{ run: string }>('setups.lock', { id: room.setup })
  const done = await room.lead(run, async ({ folder }, need) => {
    expect(need).toMatchObject({ what: 'receipt', from: [expect.any(String)] })
    const copy = join(room.folder, 'copy-for-the-server')
    cpSync(folder, copy, { recursive: true })
    const path = join(room.folder, 'receipt.json')
    writeFileSync(path, await receiptFor(copy, server))
    return path
  })
  expect(done).toMatchObject({ state: 'closed', domain: 'production' })
  expect((await room.view()).run).toBe(run)
  const { bundles } = await room.said<{ bundles: object[] }>('bundles.list', {})
  expect(bundles).toContainEqual(
    expect.objectContaining({ id: run, exported: true, receipted: true, awaitsReceipt: false }),
  )
  const path = room.granted('read', done.bundle?.path ?? '')
  const policy = room.granted('read', join(done.folder, 'policy.json'))
  const verdict = await room.said<VerifyView>('bundles.verify', { path, policy })
  expect(verdict.verdict).toBe('accepted')
  expect(verdict.signedHere.toSorted()).toEqual(['Hal', 'Ida', 'Jan', 'Ophelia', 'Otto', 'Walter', 'Wanda'])
})

test('in a rehearsal together everybody acts with a key of their own, holders prove their shares, and nobody is simulated', async () => {
  const own = people.map(([kind, name]) => [kind, `${name} R`] as const)
  await room.begin('rehearsal', own)
  await room.sign('policy', 'Otto R', 'Ophelia R')
  const { script } = await room.change({
    script: 'first-run',
    values: { fheType: 'TFHE_BINARY', fheSquash: 'false' },
  })
  expect(script).toMatchObject({ faults: [], rolesMissing: [] })
  const { run } = await room.said<SetupView>('setups.rehearse', { id: room.setup, alone: false })
  const begun = await room.run(run ?? '')
  expect(begun).toMatchObject({ domain: 'rehearsal' })
  expect(begun.people.filter(({ standIn }) => standIn)).toEqual([])
  const done = await room.lead(run ?? '', () => Promise.reject(new Error('no file is awaited')))
  expect(done.bundle).not.toBe(null)
  const { bundles } = await room.said<{ bundles: { id: string; path: string; policy: string }[] }>(
    'bundles.list',
    {},
  )
  const { path = '', policy = '' } = bundles.find(({ id }) => id === run) ?? {}
  const verdict = await room.said<VerifyView>('bundles.verify', { path, policy })
  expect(verdict).toMatchObject({ verdict: 'accepted' })
  expect(verdict.signedHere).toEqual(expect.arrayContaining(['Hal R', 'Ida R', 'Jan R']))
})
