import { wipe } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { KeyAlgorithm } from './algorithms.ts'

/** Keys of one identity that are made or wait for it at once, and how long a call waits for its own: each is answered within 8 s. */
const maxMaking = 16
const makingPatience = 6000
/** How long a key that came too late waits for the call that is made again, in ms; nothing was ever made with it. */
const lateKept = 120_000

/**
 * One key of an identity is made at a time: long RSA keys would fill the threads that all share. Refuses RATE-LIMITED where too many wait,
 * or it takes too long; then no key was made, and the same call made again has the one that came late. `forNobody` a key takes its time.
 */
export function openMaking(
  make: (algorithm: KeyAlgorithm) => Promise<Uint8Array>,
  patience = makingPatience,
  kept = lateKept,
) {
  const lines = new Map<string, { count: number; last: Promise<unknown> }>()
  const spare = new Map<string, Uint8Array>()

  function keep(wanted: string, bytes: Uint8Array): void {
    wipe(spare.get(wanted) ?? new Uint8Array())
    spare.set(wanted, bytes)
    setTimeout(() => {
      if (spare.get(wanted) !== bytes) return
      spare.delete(wanted)
      wipe(bytes)
    }, kept).unref()
  }

  return async (
    identity: string,
    algorithm: KeyAlgorithm,
    { forNobody = false }: { readonly forNobody?: boolean } = {},
  ): Promise<Outcome<Uint8Array>> => {
    const line = lines.get(identity) ?? { count: 0, last: Promise.resolve() }
    const wanted = `${identity} ${algorithm}`
    const ready = spare.get(wanted)
    if (ready !== undefined) {
      spare.delete(wanted)
      return accept(ready)
    }
    if (line.count >= maxMaking)
      return refuse('RATE-LIMITED', `${maxMaking} keys of this identity are being made`)
    lines.set(identity, line)
    line.count++
    let late = false
    const mine = line.last.then(() => (late ? null : make(algorithm)))
    line.last = mine
      .catch(() => null)
      .finally(() => {
        line.count--
        if (line.count === 0) lines.delete(identity)
      })
    let timer: NodeJS.Timeout | undefined
    const waited = new Promise<null>((done) => {
      if (forNobody) return
      timer = setTimeout(() => {
        late = true
        done(null)
      }, patience)
    })
    const bytes = await Promise.race([mine, waited]).finally(() => clearTimeout(timer))
    if (bytes !== null) return accept(bytes)
    mine.then((unused) => unused && keep(wanted, unused)).catch(() => undefined)
    return refuse('RATE-LIMITED', `a key of ${algorithm} took longer than ${patience} ms`)
  }
}
