import tfhe from 'node-tfhe'
import { expect, test } from 'vitest'
import { parseClientKey } from '../src/fhe/index.ts'
import { sha256Hex } from '../src/hash.ts'
import { deterministicEntropy } from '../src/random.ts'
import { makeKeyInAnyHost, runFheInAnyHost } from './any-host/run.ts'
import { syntheticClientKey } from './any-host/synthetic-client-key.ts'
import { vectorJson } from './vectors.ts'

const known = vectorJson<{ life: string; key: { clientKey: string; publicKeySize: number } }>(
  'fhe/any-host.json',
)

test('the whole life of a key gives the same bytes in Node as it ever did', () => {
  expect(runFheInAnyHost()).toBe(known.life)
})

test('a seed gives the key that it ever did', async () => {
  expect(await makeKeyInAnyHost(tfhe)).toEqual(known.key)
})

test('tfhe carries the key that is laid out by hand', () => {
  const bytes = syntheticClientKey(deterministicEntropy(new Uint8Array(32).fill(0x0a)))
  expect(bytes.length).toBe(31_458)
  expect(parseClientKey(bytes).key128).toBeNull()
  const again = tfhe.TfheClientKey.safe_deserialize(bytes, 1n << 30n).safe_serialize(1n << 30n)
  expect(sha256Hex(again)).toBe(sha256Hex(bytes))
})
