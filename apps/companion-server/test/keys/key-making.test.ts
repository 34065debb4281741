import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openMaking } from '../../src/keys/key-making.ts'
import { accept } from '../../src/refusal.ts'

/** Keys that are made when it is said. */
function made() {
  const turns: ((bytes: Uint8Array) => void)[] = []
  return { turns, make: () => new Promise<Uint8Array>((done) => turns.push(done)) }
}

test('RATE-LIMITED one key of an identity is made at a time, few wait, and nobody else’s turn is theirs', async () => {
  const { turns, make } = made()
  const generate = openMaking(make)
  const first = generate('a', 'RSA_4096')
  const others = Array.from({ length: 15 }, () => generate('a', 'RSA_4096'))
  expect(await generate('a', 'RSA_4096')).toMatchObject({ rule: 'RATE-LIMITED' })
  const elsewhere = generate('b', 'RSA_4096')
  await expect.poll(() => turns.length).toBe(2)
  turns[0]?.(Uint8Array.of(1))
  turns[1]?.(Uint8Array.of(2))
  expect([await first, await elsewhere]).toEqual([accept(Uint8Array.of(1)), accept(Uint8Array.of(2))])
  for (const [at, other] of others.entries()) {
    await expect.poll(() => turns.length).toBe(at + 3)
    turns[at + 2]?.(Uint8Array.of(at))
    expect(await other).toEqual(accept(Uint8Array.of(at)))
  }
})

test('RATE-LIMITED a key that is not made in time is what the same call made again has, once, and none is made where its turn had not come', async () => {
  const { turns, make } = made()
  const generate = openMaking(make, 20)
  const late = [generate('a', 'RSA_4096'), generate('a', 'RSA_4096')]
  for (const one of late) expect(await one).toMatchObject({ rule: 'RATE-LIMITED' })
  expect(turns).toHaveLength(1)
  turns[0]?.(Uint8Array.of(7, 7))
  await setImmediate()
  expect(await generate('a', 'RSA_4096')).toEqual(accept(Uint8Array.of(7, 7)))
  void generate('a', 'RSA_4096')
  await expect.poll(() => turns.length).toBe(2)
})

test('a key that nobody waits for takes its time', async () => {
  const { turns, make } = made()
  const generate = openMaking(make, 20)
  // Another's patience ends after its own would have.
  const waits = generate('a', 'RSA_4096')
  const scheduled = generate('server', 'RSA_4096', { forNobody: true })
  const behind = generate('server', 'RSA_4096', { forNobody: true })
  expect(await waits).toMatchObject({ rule: 'RATE-LIMITED' })
  expect(await generate('a', 'RSA_4096')).toMatchObject({ rule: 'RATE-LIMITED' })
  expect(turns).toHaveLength(2)
  turns[1]?.(Uint8Array.of(7))
  expect(await scheduled).toEqual(accept(Uint8Array.of(7)))
  await expect.poll(() => turns.length).toBe(3)
  turns[2]?.(Uint8Array.of(8))
  expect(await behind).toEqual(accept(Uint8Array.of(8)))
})

test('RATE-LIMITED a late key is nobody else’s, and is wiped when nobody comes for it', async () => {
  const { turns, make } = made()
  const generate = openMaking(make, 20, 20)
  expect(await generate('a', 'RSA_4096')).toMatchObject({ rule: 'RATE-LIMITED' })
  const bytes = Uint8Array.of(7, 7)
  turns[0]?.(bytes)
  await setImmediate()
  void generate('b', 'RSA_4096')
  await expect.poll(() => turns.length).toBe(2)
  await expect.poll(() => [...bytes]).toEqual([0, 0])
})
