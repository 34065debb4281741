import { IDBObjectStore } from 'fake-indexeddb'
import 'fake-indexeddb/auto'

/** What a phone does last before it dies: nothing after it happens, and what was not committed is not there. */
export class Died extends Error {}

const touched = ['get', 'getAll', 'put', 'delete', 'clear'] as const

/** `dies`: the phone is gone, and with it what was not committed. `fails`: this one touch does not work, and the app goes on. */
export type Fate = 'dies' | 'fails'

/**
 * Gives a phone its fate at the `at`-th time that it touches its storage, counted from now. `restart` is the phone that is switched on
 * again.
 */
export function fateAt(at: number, fate: Fate): { restart(): void } {
  let count = 0
  const kept = touched.map((name) => [name, IDBObjectStore.prototype[name]] as const)
  const put = (name: string, value: unknown) =>
    Object.defineProperty(IDBObjectStore.prototype, name, { configurable: true, writable: true, value })
  for (const [name, own] of kept)
    put(name, function (this: IDBObjectStore, ...args: never[]) {
      count += 1
      // One that only reads loses nothing.
      if (count === at && fate === 'dies' && this.transaction.mode === 'readwrite') this.transaction.abort()
      if (count === at || (count > at && fate === 'dies')) throw new Died(`at touch ${at}`)
      return Reflect.apply(own, this, args)
    })
  return {
    restart: () => {
      for (const [name, own] of kept) put(name, own)
    },
  }
}
