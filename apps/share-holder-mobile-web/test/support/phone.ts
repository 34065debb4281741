import { hkdfSha256, utf8 } from '@lux/crypto'
import { IDBFactory } from 'fake-indexeddb'
import 'fake-indexeddb/auto'
import { strongPassphrase as passphrase } from '../../../../packages/crypto/test/strong-passphrase.ts'
import type { Answer, Device, Handover, Kind } from '../../src/device/api.ts'
import { openDevice } from '../../src/device/open-device.ts'
import type { DevicePorts } from '../../src/device/phone.ts'
import { type Database, openDatabase } from '../../src/storage/open-database.ts'
import type { DeriveKey } from '../../src/storage/vault.ts'

export { passphrase }

/** Argon2id is tried in the browser: which key comes of a passphrase plays no part in what a phone decides. */
export const derive: DeriveKey = async (words, salt, { memory, passes }) =>
  hkdfSha256(utf8(words), salt, utf8(`${memory} ${passes}`), 32)

export const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))

/** The database in a phone's storage, which outlives the app. */
export function databaseIn(storage: IDBFactory): Promise<Database> {
  globalThis.indexedDB = storage
  return openDatabase(() => undefined)
}

/** The device of a phone with a storage of its own: everything but its screens, its camera and its worker. */
export async function openPhone(
  storage: IDBFactory = new IDBFactory(),
  now: () => string = () => new Date().toISOString(),
  more: Partial<DevicePorts> = {},
): Promise<Device> {
  const database = await databaseIn(storage)
  const ports = {
    persisted: async () => true,
    origin: 'https://phone.example',
    wait: async () => undefined,
    told: () => undefined,
  }
  return openDevice({ database, derive, random, now, ...ports, ...more })
}

/** What was answered; throws the refusal. */
export async function got<T>(answer: Promise<Answer<T>>): Promise<T> {
  const given = await answer
  if (!given.ok) throw new Error(`${given.rule}: ${given.detail}`)
  return given.value
}

/** What has to be there. */
export function present<T>(value: T | null): T {
  if (value === null) throw new Error('nothing is there')
  return value
}

/** A new phone, enrolled, and the card that it gives out. */
export async function enrolled(
  name: string,
  kind: Kind,
  domain: 'rehearsal' | 'production',
): Promise<{ phone: Device; card: Handover }> {
  const phone = await openPhone()
  await got(phone.enrol({ name, kind, domain, passphrase }))
  return { phone, card: await got(phone.card()) }
}

/** What an authenticator of a test gives. */
export const passkeyOfTest = () => ({
  credential: new Uint8Array([1, 2, 3, 4]),
  salt: new Uint8Array(32).fill(5),
  secret: new Uint8Array(32).fill(6),
})

/** The phone is open by a passkey from now on: each signature asks for the passphrase. */
export async function openByPasskey(phone: Device): Promise<void> {
  await got(phone.addPasskey({ ...passkeyOfTest(), passphrase }))
  await got(phone.unlockByPasskey(passkeyOfTest().secret))
}
