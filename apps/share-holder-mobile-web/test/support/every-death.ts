import { IDBFactory } from 'fake-indexeddb'
import type { Answer, Device, Overview } from '../../src/device/api.ts'
import { readRecords } from '../../src/storage/database.ts'
import { readHeader } from '../../src/storage/open-database.ts'
import { Died, type Fate, fateAt } from './dying-storage.ts'
import { databaseIn, got } from './phone.ts'

export async function overviewOf(phone: Device): Promise<Overview> {
  const state = await phone.state()
  if (state.phase !== 'open') throw new Error(`the phone is ${state.phase}`)
  return state.overview
}

/**
 * Does the work on a fresh phone that dies at its first touch of the storage, on another that dies at its second, and so on up to one
 * that outlives it; then the same where a single touch fails. `look` sees what is left. Gives how many phones died.
 */
export async function everyDeath<T>(
  ready: () => Promise<{ storage: IDBFactory; phone: Device }>,
  work: (phone: Device) => Promise<Answer<T>>,
  look: (left: { storage: IDBFactory; given: T | null }) => Promise<void>,
  fates: readonly Fate[] = ['dies', 'fails'],
): Promise<number> {
  let deaths = 0
  for (const fate of fates)
    for (let at = 1, died = true; died; at += 1) {
      const { storage, phone } = await ready()
      const { restart } = fateAt(at, fate)
      let given: T | null = null
      died = false
      try {
        given = await got(work(phone))
      } catch (error) {
        if (!(error instanceof Died)) throw error
        died = true
        deaths += 1
      } finally {
        restart()
      }
      await look({ storage, given })
    }
  return deaths
}

/** Another phone with the same storage. */
export async function copyOf(storage: IDBFactory): Promise<IDBFactory> {
  const from = await databaseIn(storage)
  const [header, records] = [await readHeader(from), await readRecords(from)]
  const copy = new IDBFactory()
  if (header !== null) {
    const to = await databaseIn(copy)
    await to.put('vault', header, 'header')
    for (const record of records) await to.put('records', record)
  }
  return copy
}
