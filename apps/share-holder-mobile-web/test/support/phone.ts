import { hkdfSha256, utf8 } from '@lux/crypto'
import { IDBFactory } from 'fake-indexeddb'
import 'fake-indexeddb/auto'
import type { Answer, Device, Handover, Kind } from '../../src/device/api.ts'
import { openDevice } from '../../src/device/open-device.ts'
import { openDatabase } from '../../src/storage/database.ts'
import type { DeriveKey } from '../../src/storage/vault.ts'

export const passphrase = 'a phrase of several words'

/** Argon2id is tried in the browser: which key comes of a passphrase plays no part in what a phone decides. */
export const derive: DeriveKey = async (words, salt, { memory, passes }) =>
  hkdfSha256(utf8(words), salt, utf8(`${memory} ${passes}`), 32)

/** The device of a phone with a storage of its own: everything but its screens, its camera and its worker. */
export async function openPhone(factory: IDBFactory = new IDBFactory(), persisted = true): Promise<Device> {
  globalThis.indexedDB = factory
  return openDevice({
    database: await openDatabase(() => undefined),
    derive,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    now: () => new Date().toISOString(),
    persisted: async () => persisted,
  })
}

/** What was answered; throws the refusal. */
export async function got<T>(answer: Promise<Answer<T>>): Promise<T> {
  const given = await answer
  if (!given.ok) throw new Error(`${given.rule}: ${given.detail}`)
  return given.value
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
