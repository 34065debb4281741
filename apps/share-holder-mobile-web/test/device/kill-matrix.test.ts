import { encodePolicyFile } from '@lux/ceremony/policy'
import { requestPackageCodec } from '@lux/ceremony/wire'
import { sha256Hex } from '@lux/crypto'
import { encodePersonKey, openHeldShare } from '@lux/people'
import { IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { beforeAll, expect, test, vi } from 'vitest'
import { accepted } from '../../../../packages/people/test/support/outcome.ts'
import {
  now,
  requestFor,
  shareWorld,
  type World,
} from '../../../../packages/people/test/support/share-world.ts'
import type { Device, Files, Prepared } from '../../src/device/api.ts'
import { sealSheet, sheetWords } from '../../src/storage/backup-sheet.ts'
import { readRecords } from '../../src/storage/database.ts'
import { copyOf, everyDeath, overviewOf } from '../support/every-death.ts'
import { databaseIn, derive, got, openPhone, passphrase, present, random } from '../support/phone.ts'
import { copies, type Phone, phoneOf, restarted, shareFilesOf } from '../support/share-on-phone.ts'

let world: World
let share: Files
let request: Files
beforeAll(async () => {
  world = await shareWorld()
  const [own] = world.held
  const [holder] = world.holders
  if (own === undefined || holder === undefined) throw new Error('nobody holds a share')
  share = await shareFilesOf(world, 0)
  const opened = accepted(openHeldShare({ ...own, content: own.content.slice() }, holder))
  const asked = requestFor(world, { envelope: opened }, { id: 1, of: [0] })
  request = [
    { name: 'request.json', bytes: requestPackageCodec.encode(asked.request) },
    ...asked.ciphertexts.map((bytes, at) => ({ name: `ciphertext-${at}.bin`, bytes })),
  ]
})

const holderPhone = (): Promise<Phone> => phoneOf(world, 0)

/** Of the files of an answer, whatever their order. */
const digestsOf = (answer: object): string[] =>
  'files' in answer ? (answer as { files: Files }).files.map(({ bytes }) => sha256Hex(bytes)).toSorted() : []

test('KILL-RECEIVE a phone that dies while a share is received has it whole or not at all, and receives it then', async () => {
  const seen = new Set<number>()
  const deaths = await everyDeath(
    holderPhone,
    (phone) => phone.receive(copies(share)),
    async ({ storage, given }) => {
      const phone = await restarted(storage)
      const { shares, log, damaged } = await overviewOf(phone)
      seen.add(shares.length)
      expect(damaged).toBe(false)
      expect(log.filter(({ what }) => what === 'received')).toHaveLength(shares.length)
      // The proof left the phone: the share is there.
      if (given !== null) expect(shares).toHaveLength(1)
      if (shares.length === 0) await got(phone.receive(copies(share)))
      const [held] = (await overviewOf(phone)).shares
      const proof = await got(phone.prove(held?.id ?? ''))
      if (given !== null) expect(sha256Hex(proof.bytes)).toBe(sha256Hex(present(given.proof).bytes))
    },
  )
  expect(deaths).toBeGreaterThan(5)
  expect([...seen].toSorted()).toEqual([0, 1])
})

let held: IDBFactory | null = null

/** A phone that holds the share. It is received once: every other one is a copy of that phone. */
async function holding(): Promise<{ storage: IDBFactory; phone: Device }> {
  if (held === null) {
    const { storage, phone } = await holderPhone()
    await got(phone.receive(copies(share)))
    held = storage
  }
  const storage = await copyOf(held)
  return { storage, phone: await restarted(storage) }
}

/** A phone that has read the request. */
async function asked(): Promise<{ storage: IDBFactory; phone: Device }> {
  const { storage, phone } = await holding()
  await got(phone.prepare(copies(request)))
  return { storage, phone }
}

const spentOf = async (phone: Device): Promise<number> =>
  (await overviewOf(phone)).shares.reduce((sum, { left }) => sum + left.at128, 0)

test('KILL-APPROVE a phone that dies while it approves has answered and counted, or has done neither; what left it is what it gives again', async () => {
  const { spends, left } = (await got((await holding()).phone.prepare(copies(request)))) as Prepared
  const before = left + spends
  const seen = new Set<number>()
  const deaths = await everyDeath(
    asked,
    (phone) => phone.approve(),
    async ({ storage, given }) => {
      const phone = await restarted(storage)
      const counted = before - (await spentOf(phone))
      seen.add(counted)
      const read = await got(phone.prepare(copies(request)))
      expect('decided' in read).toBe(counted > 0)
      if (given !== null) expect(digestsOf(read)).toEqual(digestsOf(given))
      const answer = 'decided' in read ? read : await got(phone.approve())
      // Whoever asks a third time gets the very bytes.
      const again = await got((await restarted(storage)).prepare(copies(request)))
      expect(again).toMatchObject({ decided: 'approved' })
      expect(digestsOf(again)).toEqual(digestsOf(answer))
      expect(before - (await spentOf(await restarted(storage)))).toBe(spends)
    },
  )
  expect(deaths).toBeGreaterThan(6)
  expect([...seen].toSorted((a, b) => a - b)).toEqual([0, spends])
})

test('KILL-REFUSE a phone that dies while it refuses has refused for good, or may still decide', async () => {
  const seen = new Set<boolean>()
  await everyDeath(
    asked,
    (phone) => phone.refuse({ files: copies(request), reason: 'not today' }),
    async ({ storage, given }) => {
      const phone = await restarted(storage)
      const read = await got(phone.prepare(copies(request)))
      seen.add('decided' in read)
      if (given !== null || 'decided' in read) expect(read).toMatchObject({ decided: 'refused' })
      else await got(phone.approve())
    },
  )
  expect(seen.size).toBe(2)
})

test('KILL-RESTORE a phone that dies while a key is restored is a new phone, or opens with the key', async () => {
  const [key] = world.holders
  if (key === undefined) throw new Error('nobody holds a share')
  const words = sheetWords(random).join(' ')
  const sheet = await sealSheet(encodePersonKey(key), words, derive, random)
  const restore = { sheet, words, passphrase }
  const seen = new Set<string>()
  const deaths = await everyDeath(
    async () => {
      const storage = new IDBFactory()
      return { storage, phone: await openPhone(storage, () => now) }
    },
    (phone) => phone.restore(restore),
    async ({ storage }) => {
      const phone = await openPhone(storage, () => now)
      const { phase } = await phone.state()
      seen.add(phase)
      if (phase === 'new') await got(phone.restore(restore))
      const opened = await got((await openPhone(storage, () => now)).unlock(passphrase))
      expect(opened).toMatchObject({ restored: true, person: { name: key.card.name } })
    },
  )
  expect(deaths).toBeGreaterThan(6)
  expect([...seen].toSorted()).toEqual(['locked', 'new'])
})

test('KILL-TABS PHONE-OTHER-TAB a phone that is open twice answers once: the second of two yeses writes nothing, and is open no more', async () => {
  const { storage, phone } = await asked()
  const other = await restarted(storage)
  await got(other.prepare(copies(request)))
  const first = await got(phone.approve())
  expect(await other.approve()).toMatchObject({ ok: false, rule: 'PHONE-OTHER-TAB' })
  expect(await other.state()).toMatchObject({ phase: 'locked' })
  const again = await got((await restarted(storage)).prepare(copies(request)))
  expect(again).toMatchObject({ decided: 'approved' })
  expect(digestsOf(again)).toEqual(digestsOf(first))
})

test('PHONE-OTHER-TAB a phone that another tab wiped and set up anew writes nothing into what is there now', async () => {
  const { storage, phone } = await asked()
  const other = await restarted(storage)
  await got(other.wipe())
  const fresh = { name: 'Nora', kind: 'holder', domain: 'production', passphrase } as const
  await got((await openPhone(storage, () => now)).enrol(fresh))
  const policy = { name: 'policy.json', bytes: encodePolicyFile(world.file) }
  expect(await phone.takePolicy(policy)).toMatchObject({ ok: false, rule: 'PHONE-OTHER-TAB' })
  expect(await phone.approve()).toMatchObject({ ok: false, rule: 'PHONE-LOCKED' })
  const opened = await got((await openPhone(storage, () => now)).unlock(passphrase))
  expect(opened).toMatchObject({ person: { name: 'Nora' }, policies: [], damaged: false })
})

test('PHONE-STORAGE-FULL where nothing more can be written, nothing is answered, and once there is room the request is', async () => {
  const { storage, phone } = await asked()
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError')
  })
  try {
    expect(await phone.approve()).toMatchObject({ ok: false, rule: 'PHONE-STORAGE-FULL' })
    await got((await openPhone(storage, () => '2026-01-31T10:30:00.000Z')).unlock(passphrase))
  } finally {
    put.mockRestore()
  }
  const before = await spentOf(phone)
  // The same press, once there is room.
  await got(phone.approve())
  const { spends } = (await got((await holding()).phone.prepare(copies(request)))) as Prepared
  expect(await spentOf(await restarted(storage))).toBe(before - spends)
  expect(await phone.approve()).toMatchObject({ ok: false, rule: 'PHONE-NOTHING-PREPARED' })
})

test('PHONE-STORAGE-FULL a request for which there is no room is read and decided all the same, and the phone says that it is not kept', async () => {
  const { phone } = await holding()
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError')
  })
  try {
    expect(await got(phone.prepare(copies(request)))).toMatchObject({ listed: false })
  } finally {
    put.mockRestore()
  }
  expect((await overviewOf(phone)).open).toEqual([])
  await got(phone.approve())
})

test('PHONE-STORAGE-CHANGED a record that does not open is named as damage, and what rests on it is refused', async () => {
  const { storage } = await asked()
  const database = await databaseIn(storage)
  for (const record of await readRecords(database))
    if (['share', 'log'].includes(record.store))
      await database.put('records', { ...record, sealed: record.sealed.map((byte) => byte ^ 1) })
  const phone = await restarted(storage)
  expect(await overviewOf(phone)).toMatchObject({ damaged: true, shares: [], log: [] })
  expect(await phone.prepare(copies(request))).toMatchObject({ ok: false, rule: 'PHONE-STORAGE-CHANGED' })
})

test('PHONE-STORAGE-CHANGED a damaged share of one organisation stops no request for the share of another', async () => {
  const { storage, phone: first } = await holding()
  const beta = await shareWorld(undefined, { id: 'beta', name: 'Beta' })
  await got(first.takePolicy({ name: 'policy.json', bytes: encodePolicyFile(beta.file) }))
  const { share: other } = await got(first.receive(copies(await shareFilesOf(beta, 0))))
  const database = await databaseIn(storage)
  for (const record of await readRecords(database))
    if (record.store === 'share' && record.id !== other.id)
      await database.put('records', { ...record, sealed: record.sealed.map((byte) => byte ^ 1) })
  const own = beta.held[0]!
  const envelope = accepted(openHeldShare({ ...own, content: own.content.slice() }, beta.holders[0]!))
  const asked = requestFor(beta, { envelope }, { id: 9, of: [0] })
  const phone = await restarted(storage)
  expect(await phone.prepare(copies(request))).toMatchObject({ ok: false, rule: 'PHONE-STORAGE-CHANGED' })
  await got(
    phone.prepare([
      { name: 'request.json', bytes: requestPackageCodec.encode(asked.request) },
      ...asked.ciphertexts.map((bytes) => ({ name: 'ciphertext.bin', bytes })),
    ]),
  )
  await got(phone.approve())
})
