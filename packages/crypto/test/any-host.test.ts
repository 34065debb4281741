import tfhe from 'node-tfhe'
import { expect, test } from 'vitest'
import { toBase64 } from '../src/base64.ts'
import { parseClientKey } from '../src/fhe/index.ts'
import { sha256Hex } from '../src/hash.ts'
import { deterministicEntropy } from '../src/random.ts'
import { makeKeyInAnyHost, type NativeFiles, openFilesInAnyHost, runFheInAnyHost } from './any-host/run.ts'
import { syntheticClientKey } from './any-host/synthetic-client-key.ts'
import { vectorBytes, vectorJson } from './vectors.ts'

type Known = {
  life: string
  key: { clientKey: string; publicKeySize: number }
  /** Paths in vectors of what is given, and what came out. */
  files: { given: NativeFiles; opened: string[] }
}
const known = vectorJson<Known>('fhe/any-host.json')

test('the whole life of a key gives the same bytes in Node as it ever did', () => {
  expect(runFheInAnyHost()).toBe(known.life)
})

test('a seed gives the key that it ever did', async () => {
  expect(await makeKeyInAnyHost(tfhe)).toEqual(known.key)
})

test('tfhe’s own files, squashed and fresh, give the answers that they ever did', () => {
  const { given, opened } = known.files
  const read = (path: string) => toBase64(vectorBytes(path))
  const files = {
    clientKey: read(given.clientKey),
    public: read(given.public),
    shares: given.shares.map(read),
    squashed: read(given.squashed),
    fresh: read(given.fresh),
  }
  expect(openFilesInAnyHost(files)).toEqual(opened)
})

test('tfhe carries the key that is laid out by hand', () => {
  const bytes = syntheticClientKey(deterministicEntropy(new Uint8Array(32).fill(0x0a)))
  expect(bytes.length).toBe(31_458)
  expect(parseClientKey(bytes).key128).toBeNull()
  const again = tfhe.TfheClientKey.safe_deserialize(bytes, 1n << 30n).safe_serialize(1n << 30n)
  expect(sha256Hex(again)).toBe(sha256Hex(bytes))
})
