import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodyJson, each, temporaryFolder } from './support/custody.ts'

const native = fileURLToPath(new URL('../../../../packages/crypto/vectors/native', import.meta.url))
const results = ['sum-u8', 'minimum-u8'].map((name) => join(native, 'results', `${name}.squashed.bin`))
const pub = join(native, '2of3', 'public.bin')
let folder: string
const at = (name: string) => join(folder, name)

function answer(holder: number, out: string, ciphertexts: readonly string[] = results.slice(0, 1)) {
  const share = join(native, '2of3', `holder-${holder}.bin`)
  const files = ['--share', share, '--public', pub, ...each('--ciphertext', ...ciphertexts)]
  return custodyJson(['fhe', 'partial', ...files, '--out', at(out), '--rehearsal'])
}

const combine = (partials: readonly string[]) =>
  custodyJson(['fhe', 'combine', ...partials.map(at), '--public', pub, '--ciphertext', results[0]!])

beforeAll(async () => {
  folder = temporaryFolder()
  const made = await Promise.all([1, 2, 3].map((holder) => answer(holder, `${holder}.prt`)))
  expect(made.map(({ exit }) => exit)).toEqual([0, 0, 0])
  writeFileSync(at('cut.prt'), readFileSync(at('2.prt')).subarray(0, 150))
  writeFileSync(at('cut.bin'), readFileSync(results[1]!).subarray(0, 5000))
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a refused file among several is named', () => {
  test('FHE-TRUNCATED combine and audit name the answer that is cut', async () => {
    const audit = ['--public', pub, '--ciphertext', results[0]!, '--value', '1']
    const runs = await Promise.all([
      combine(['1.prt', 'cut.prt', '3.prt']),
      custodyJson(['fhe', 'audit', at('1.prt'), at('cut.prt'), at('3.prt'), ...audit]),
    ])
    for (const { exit, json } of runs) {
      expect({ exit, code: json.code }).toEqual({ exit: 1, code: 'FHE-TRUNCATED' })
      expect(json.detail).toMatch(new RegExp(`^${at('cut.prt')}: `))
    }
  }, 60_000)

  test('FHE-TRUNCATED partial names the ciphertext that is cut, of a request and of a canary', async () => {
    const runs = await Promise.all([
      answer(1, 'never.prt', [results[0]!, at('cut.bin')]),
      custodyJson([
        ...['fhe', 'partial', '--share', join(native, '2of3', 'holder-1.bin'), '--public', pub],
        ...[
          ...each('--ciphertext', results[0]!, at('cut.bin')),
          '--out',
          at('never.prt'),
          '--rehearsal',
          '--canary',
        ],
      ]),
    ])
    for (const { json } of runs) {
      expect(json.code).toBe('FHE-TRUNCATED')
      expect(json.detail).toMatch(new RegExp(`^${at('cut.bin')}: `))
    }
  }, 60_000)

  test('FHE-TRUNCATED refresh names the share that is cut', async () => {
    const [share, cut] = [join(native, '2of3', 'holder-1.bin'), at('cut-share.bin')]
    writeFileSync(cut, readFileSync(join(native, '2of3', 'holder-2.bin')).subarray(0, 130))
    const { json } = await custodyJson([
      ...[
        'fhe',
        'refresh',
        '--public',
        pub,
        ...each('--share', share, cut),
        '--rehearsal',
        '--out',
        at('never'),
      ],
    ])
    expect(json.code).toBe('FHE-TRUNCATED')
    expect(json.detail).toMatch(new RegExp(`^${cut}: `))
  }, 60_000)

  test('FHE-HOLDER-DUPLICATE, FHE-PARTIALS-MIXED combine names the holder', async () => {
    expect((await answer(3, 'other-3.prt', results.slice(1))).exit).toBe(0)
    const [doubled, mixed] = await Promise.all([
      combine(['1.prt', '3.prt', '3.prt']),
      combine(['1.prt', '2.prt', 'other-3.prt']),
    ])
    expect(doubled.json).toMatchObject({
      code: 'FHE-HOLDER-DUPLICATE',
      detail: 'two partials of holder 3',
    })
    expect(mixed.json).toMatchObject({
      code: 'FHE-PARTIALS-MIXED',
      detail: 'the partials of holders 1 and 3 differ in ciphertexts',
    })
  }, 60_000)
})
