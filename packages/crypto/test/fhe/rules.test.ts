import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromUtf8, utf8 } from '../../src/bytes.ts'
import {
  encodeShare,
  encodeShareEnvelope,
  generateFheKeyPair,
  parseCiphertext,
  parseClientKey,
  parsePartial,
  parseShare,
  parseShareEnvelope,
  readCiphertext,
  seedOfChecked,
  seedWithChecksum,
  type TfheModule,
  verifyShare,
} from '../../src/fhe/index.ts'
import { fheRules } from '../../src/fhe/rules.ts'
import { sha256 } from '../../src/hash.ts'
import { verifySeeds } from '../../src/sharing/index.ts'
import { entropyOf, realClientKey } from './fixture.ts'
import { samples } from './samples.ts'

const honest = samples()
const src = fileURLToPath(new URL('../../src', import.meta.url))

test('the table lists exactly the rules that the sources refuse by', () => {
  const used = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== join('fhe', 'rules.ts'))
    .flatMap((name) => [...readFileSync(join(src, name), 'utf8').matchAll(/'(FHE-[A-Z0-9-]+)'/g)])
    .map(([, rule]) => rule)
  expect(Object.keys(fheRules)).toEqual([...new Set(used)].sort((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1)))
})

describe('rules that no other test is named after', () => {
  test('FHE-DIGEST a share with one changed seed bit is refused', () => {
    const share = honest.share!.slice()
    share[130]! ^= 1
    expect(() => parseShare(share)).toThrow('FHE-DIGEST')
  })

  test('FHE-SEED-SETS a share with other sets than its holder has is refused', () => {
    const { header, seeds, ...rest } = parseShare(honest.share!)
    const body = encodeShare({ header, ...rest, seeds: seeds.slice(1) })
    expect(() => parseShare(body)).toThrow('FHE-SEED-SETS')
    const commitments = [1, 2, 4].map(() => new Uint8Array(32))
    const context = { quorum: { t: 2, n: 3 }, holder: 1, keyId: header.keyId, dealerMask: 0 }
    expect(verifySeeds(seeds.toReversed(), commitments, context)).toMatchObject({ rule: 'FHE-SEED-SETS' })
    expect(verifySeeds(seeds, commitments.slice(1), context)).toMatchObject({ rule: 'FHE-COMMITMENT-COUNT' })
  })

  test('FHE-FLOOD-EXPONENT an answer that claims other noise is refused', () => {
    const partial = honest.partial!.slice()
    partial[84]! -= 1
    expect(() => parsePartial(partial)).toThrow('FHE-FLOOD-EXPONENT')
  })

  test('FHE-UNSIGNED a production answer without signatures is refused', () => {
    const partial = honest.partial!.slice()
    partial[8] = 1
    expect(() => parsePartial(partial)).toThrow('FHE-UNSIGNED')
  })

  test('FHE-SMALL-KEY a block under the small key is refused', () => {
    const fresh = honest.ciphertext!.slice()
    const order = 34 + 23 + 12 + 8 + 8 + 8 + 2049 * 8 + 28 + 4 * 12 + 12
    fresh[order] = 1
    expect(() => parseCiphertext(fresh)).toThrow('FHE-SMALL-KEY')
  })

  test('FHE-PROVEN-LIST a holder takes no list, proven or not', () => {
    const name = 'high_level_api::ProvenCompactCiphertextList'
    const length = new Uint8Array(8)
    length[0] = name.length
    const list = concatBytes(honest.ciphertext!.subarray(0, 26), length, utf8(name), new Uint8Array(100))
    expect(() => readCiphertext(list)).toThrow('FHE-PROVEN-LIST')
  })

  test('FHE-AUTHORITIES an envelope whose people are malformed is refused', () => {
    const content = { ceremonyId: 'c0'.repeat(16), name: 'Ada', share: honest.share!, pub: honest.public! }
    const people = { requesters: [], combiners: [], evaluators: [], encryptors: [] }
    for (const authorities of [
      { ...people, combiners: ['age1pq1short'] },
      { ...people, requesters: [{}] },
      { ...people, evaluators: [{ ed25519: 'AA==' }] },
    ]) {
      expect(() => parseShareEnvelope(encodeShareEnvelope({ ...content, authorities }))).toThrow(
        'FHE-AUTHORITIES',
      )
    }
  })

  test('FHE-ROUND-TRIP a library that changes a client key makes none', async () => {
    const { bytes } = realClientKey()
    const other = realClientKey().bytes
    const key = { safe_serialize: () => other.slice(), free: () => undefined }
    const lying: TfheModule = {
      ...tfhe,
      TfheClientKey: {
        generate: () => ({ safe_serialize: () => bytes.slice(), free: () => undefined }),
        generate_with_seed: () => key,
        safe_deserialize: () => key,
      },
    }
    const options = {
      type: 'TFHE_INTEGER',
      squash: false,
      inputs: 'signed',
      serverKey: false,
      seed: null,
    } as const
    await expect(generateFheKeyPair(lying, { ...options, entropy: entropyOf(1) })).rejects.toThrow(
      'FHE-ROUND-TRIP',
    )
    expect(parseClientKey(bytes).squashOffset).toBe(24_070)
  })

  test('FHE-WORDS a sheet with a word that is wrong, missing or out of place is refused', () => {
    const seed = entropyOf(5).bytes(16)
    const checked = seedWithChecksum(seed)
    expect(seedOfChecked(checked)).toEqual(seed)
    const swapped = Uint8Array.from([checked[1]!, checked[0]!, ...checked.subarray(2)])
    for (const wrong of [checked.subarray(1), concatBytes(checked, seed), swapped]) {
      expect(() => seedOfChecked(wrong)).toThrow('FHE-WORDS')
    }
  })

  test('FHE-EPOCH a public file whose content was changed is refused', () => {
    const pub = honest.public!.slice()
    pub[200]! ^= 1
    expect(verifyShare(honest.share!, pub)).toMatchObject({ rule: 'FHE-EPOCH' })
    expect(fromUtf8(pub.slice(0, 8))).toBe('lux-pub1')
    expect(sha256(pub)).not.toEqual(sha256(honest.public!))
  })
})
