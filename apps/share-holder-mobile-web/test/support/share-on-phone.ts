import { encodePolicyFile } from '@lux/ceremony/policy'
import { cardCodec, signatureContext } from '@lux/ceremony/wire'
import { encodeCanonical, fromHex, sealTo, sha256Hex, signWith } from '@lux/crypto'
import { encodePersonKey, type PersonKey } from '@lux/people'
import { IDBFactory } from 'fake-indexeddb'
import { now, openingOf, type World } from '../../../../packages/people/test/support/share-world.ts'
import type { Device, Files } from '../../src/device/api.ts'
import { beginRecords } from '../../src/device/records.ts'
import { createVault, leastCost } from '../../src/storage/vault.ts'
import { databaseIn, derive, got, openPhone, passphrase, random } from './phone.ts'

export type Phone = { storage: IDBFactory; phone: Device }

/** A phone with a holder's key and the policy, and its storage. */
export async function phoneOf(world: World, at: number): Promise<Phone> {
  const key = world.holders[at]
  if (key === undefined) throw new Error('nobody holds a share')
  const own = await phoneWith(key)
  await got(own.phone.takePolicy({ name: 'policy.json', bytes: encodePolicyFile(world.file) }))
  return own
}

/** A phone with a person's key, and nothing else. */
export async function phoneWith(key: PersonKey): Promise<Phone> {
  const storage = new IDBFactory()
  const vault = await createVault(passphrase, leastCost, derive, random)
  const written = [
    { store: 'person', id: 'me', plain: encodePersonKey(key) },
    { store: 'card', id: 'me', plain: cardCodec.encode(key.card) },
  ]
  await beginRecords(await databaseIn(storage), vault, written, random)
  return { storage, phone: await restarted(storage) }
}

/** The phone, switched on again. */
export async function restarted(storage: IDBFactory): Promise<Device> {
  const phone = await openPhone(storage, () => now)
  await got(phone.unlock(passphrase))
  return phone
}

/** What the workstation hands over for a dealt share. */
export async function shareFilesOf(world: World, at: number): Promise<Files> {
  const own = world.held[at]
  const holder = world.holders[at]
  if (own === undefined || holder === undefined) throw new Error('nobody holds a share')
  const envelope = await sealTo([holder.card.recipient ?? ''], own.content)
  const context = signatureContext('share-envelope', 'production')
  const signature = signWith(world.ceremony, context, fromHex(sha256Hex(envelope), 32))
  return [
    { name: `holder-${at + 1}.age`, bytes: envelope },
    { name: `holder-${at + 1}.sig`, bytes: encodeCanonical({ ...signature }) },
    { name: 'opening.json', bytes: openingOf(world, own.ceremonyId) },
    { name: 'public.bin', bytes: own.pub },
  ]
}

export const copies = (files: Files): Files =>
  files.map(({ name, bytes }) => ({ name, bytes: bytes.slice() }))
