import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodyJson } from './support/custody.ts'
import { FheFolder } from './support/fhe-folder.ts'

const files = new FheFolder()
const decrypted = (file: string) => ({ ciphertext: files.at(file), pub: files.at('dealt', 'public.bin') })

/** A key and ciphertexts made elsewhere: by tfhe itself, none of it by this tool. */
beforeAll(async () => {
  const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
  files.write('client-key.bin', key)
  files.write('u64.bin', tfhe.FheUint64.encrypt_with_client_key(2n ** 64n - 1n, key))
  files.write('i8.bin', tfhe.FheInt8.encrypt_with_client_key(-100, key))
  files.write('bool.bin', tfhe.FheBool.encrypt_with_client_key(true, key))
  files.write('compressed.bin', tfhe.CompressedFheUint8.encrypt_with_client_key(7, key))
  const builder = tfhe.CompactCiphertextList.builder(tfhe.TfheCompactPublicKey.new(key))
  builder.push_u8(1)
  files.write('list.bin', builder.build())
  const boolean = tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(0))
  writeFileSync(
    files.at('narrow.bin'),
    tfhe.Boolean.serialize_ciphertext(tfhe.Boolean.encrypt(boolean, true)),
  )
  const dealt = await files.deal('client-key.bin', 'dealt', 2, 3)
  expect(dealt.exit).toBe(0)
}, 60_000)
afterAll(() => files.remove())

describe('partial and combine on files of tfhe', () => {
  test('any two holders give the value; the claim grows with the answers', async () => {
    const made = await Promise.all([1, 2, 3].map((i) => files.partial(i, `u64-${i}.prt`, ['u64.bin'])))
    expect(made.map(({ exit }) => exit)).toEqual([0, 0, 0])
    expect(made[0]!.json).toMatchObject({
      spends: 32,
      width: 64,
      types: ['u64'],
      blockBits: 32,
      belowFloor: true,
    })
    const [two, three] = await Promise.all([
      files.combine(['u64-3.prt', 'u64-1.prt'], ['u64.bin']),
      files.combine(['u64-1.prt', 'u64-2.prt', 'u64-3.prt'], ['u64.bin']),
    ])
    expect(two.json).toMatchObject({
      ok: true,
      type: 'u64',
      value: '18446744073709551615',
      verified: 0,
      cheaters: [],
      claim: 'not verified against a malicious holder',
    })
    expect(three.json).toMatchObject({
      value: '18446744073709551615',
      verified: 1,
      claim: 'verified against any 1',
    })
  }, 60_000)

  test('several ciphertexts of several types go into one answer', async () => {
    const both = ['i8.bin', 'bool.bin']
    await Promise.all([1, 2].map((i) => files.partial(i, `two-${i}.prt`, both)))
    const { json } = await files.combine(['two-1.prt', 'two-2.prt'], both)
    expect(json.results).toEqual([
      { type: 'i8', value: '-100' },
      { type: 'bool', value: 'true' },
    ])
  }, 60_000)

  test('FHE-INCONSISTENT a changed answer among three gives no value and exit 1', async () => {
    const bytes = readFileSync(files.at('u64-2.prt'))
    bytes[200]! ^= 1
    writeFileSync(files.at('wrong.prt'), bytes)
    const { exit, json } = await files.combine(['u64-1.prt', 'wrong.prt', 'u64-3.prt'], ['u64.bin'])
    expect(exit).toBe(1)
    expect(json).toMatchObject({
      ok: false,
      code: 'FHE-INCONSISTENT',
      detail: expect.stringContaining('unproven'),
    })
  }, 60_000)

  test('FHE-PADDING a wrong answer among no more than are needed is said to be one, not only another key’s file', async () => {
    const bytes = readFileSync(files.at('u64-2.prt'))
    // The padding bits of the first two coefficients of the last element: coefficient 3 still recombines to 0.
    for (const c of [0, 1]) bytes[bytes.length - 4 - 8 * (3 - c) - 1]! ^= 0x80
    writeFileSync(files.at('padded.prt'), bytes)
    const { exit, json } = await files.combine(['u64-1.prt', 'padded.prt'], ['u64.bin'])
    expect(exit).toBe(1)
    expect(json).toMatchObject({ code: 'FHE-PADDING', remedy: expect.stringContaining('ask more holders') })
  }, 60_000)

  test('answers that are too few, for another ciphertext or for a list are refused by name', async () => {
    const runs = await Promise.all([
      files.combine(['u64-1.prt'], ['u64.bin']),
      files.combine(['u64-1.prt', 'u64-2.prt'], ['i8.bin']),
      files.combine(['u64-1.prt', 'u64-2.prt'], ['list.bin']),
      files.partial(1, 'never.prt', ['narrow.bin']),
    ])
    const rules = ['FHE-PARTIALS-FEW', 'FHE-CIPHERTEXT-OTHER', 'FHE-BARE-LIST', 'FHE-BOOLEAN-API']
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual(rules.map((rule) => [1, rule]))
  }, 60_000)

  test('FHE-TYPE a compressed ciphertext is said to be compressed', async () => {
    const { exit, json } = await files.partial(1, 'compressed.prt', ['compressed.bin'])
    expect(exit).toBe(1)
    expect(json).toMatchObject({ code: 'FHE-TYPE', detail: expect.stringContaining('decompress it first') })
  }, 60_000)

  test('an answer is either to a request or of a rehearsal, and overwrites nothing', async () => {
    const { ciphertext, pub } = decrypted('u64.bin')
    const base = [
      'fhe',
      'partial',
      '--share',
      files.holder('dealt', 1),
      '--public',
      pub,
      '--ciphertext',
      ciphertext,
      '--out',
    ]
    const [neither, taken, ...contradictory] = await Promise.all([
      custodyJson([...base, files.at('x.prt')]),
      custodyJson([...base, files.at('u64-1.prt'), '--rehearsal']),
      custodyJson([...base, files.at('x.prt'), '--rehearsal', '--key', 'nosuch', '--policy', 'nosuch']),
      custodyJson([...base, files.at('x.prt'), '--rehearsal', '--policy', 'nosuch']),
      custodyJson([...base, files.at('x.prt'), '--request', 'r', '--canary', '--key', 'k', '--policy', 'p']),
    ])
    for (const { exit, json } of contradictory)
      expect({ exit, code: json.code }).toEqual({ exit: 2, code: 'OPTION-REQUEST' })
    expect({ exit: neither.exit, code: neither.json.code }).toEqual({ exit: 2, code: 'OPTION-REQUEST' })
    expect({ exit: taken.exit, code: taken.json.code }).toEqual({ exit: 2, code: 'FILE-EXISTS' })
  }, 60_000)
})

describe('squashed results of native tfhe-rs, and shares dealt for them', () => {
  const native = fileURLToPath(new URL('../../../../packages/crypto/vectors/native', import.meta.url))

  test('partial and combine read what native computed', async () => {
    const ciphertext = join(native, 'results', 'product-i64.squashed.bin')
    const pub = join(native, '2of3', 'public.bin')
    const answer = (i: number) =>
      custodyJson([
        ...['fhe', 'partial', '--share', join(native, '2of3', `holder-${i}.bin`), '--public', pub],
        ...['--ciphertext', ciphertext, '--out', files.at(`native-${i}.prt`), '--rehearsal'],
      ])
    const made = await Promise.all([1, 3].map(answer))
    expect(made[0]!.json).toMatchObject({ width: 128, blockBits: 51, types: ['i64'], spends: 16 })
    const { json } = await custodyJson([
      ...[
        'fhe',
        'combine',
        files.at('native-1.prt'),
        files.at('native-3.prt'),
        '--public',
        pub,
        '--ciphertext',
        ciphertext,
      ],
    ])
    expect(json).toMatchObject({ ok: true, type: 'i64', value: '5000000035', verified: 0 })
  }, 60_000)
})
