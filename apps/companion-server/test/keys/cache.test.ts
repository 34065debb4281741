import { expect, test } from 'vitest'
import { openKeyCache } from '../../src/keys/cache.ts'

function cacheAt(start: number, capacity?: number) {
  let time = start
  const cache = openKeyCache(() => time, capacity)
  const loaded: Uint8Array[] = []
  const load = async () => {
    const key = new Uint8Array(32).fill(9)
    loaded.push(key)
    return key
  }
  return { cache, loaded, load, pass: (ms: number) => (time += ms) }
}

const first = (key: Uint8Array) => key[0]

test('CACHE-01 a key is dropped and zeroised 15 s after its last use and 60 s after it was unwrapped', async () => {
  const { cache, loaded, load, pass } = cacheAt(0)
  expect(await cache.use('a', load, first)).toBe(9)
  for (let n = 0; n < 4; n++) {
    pass(14_000)
    expect(await cache.use('a', load, first)).toBe(9)
  }
  expect(loaded).toHaveLength(1)
  pass(5000)
  expect(await cache.use('a', load, first)).toBe(9)
  expect(loaded).toHaveLength(2)
  expect(loaded[0]).toEqual(new Uint8Array(32))
  pass(15_000)
  expect(cache.size).toBe(0)
  expect(loaded[1]).toEqual(new Uint8Array(32))
  cache.close()
})

test('CACHE-02 requests that miss together unwrap once, and a failed unwrap is not remembered', async () => {
  const { cache, loaded, load } = cacheAt(0)
  await Promise.all(Array.from({ length: 8 }, () => cache.use('a', load, first)))
  expect(loaded).toHaveLength(1)
  await expect(cache.use('b', () => Promise.reject(new Error('token away')), first)).rejects.toThrow(
    'token away',
  )
  expect(await cache.use('b', load, first)).toBe(9)
  cache.close()
})

test('CACHE-03 more keys than fit push out and zeroise the one used longest ago', async () => {
  const { cache, loaded, load } = cacheAt(0, 2)
  for (const name of ['a', 'b', 'c']) await cache.use(name, load, first)
  expect(loaded.map(first)).toEqual([0, 9, 9])
  cache.close()
  expect(loaded.map(first)).toEqual([0, 0, 0])
})
