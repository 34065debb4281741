import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodyJson, temporaryFolder } from './support/custody.ts'

const LIMIT = 1n << 30n
let folder: string
const at = (...parts: string[]) => join(folder, ...parts)
const holder = (dir: string, i: number) => at(dir, `holder-${i}.bin`)
const decrypted = (file: string) => ({ ciphertext: at(file), pub: at('dealt', 'public.bin') })

/** A key and ciphertexts made elsewhere: by tfhe itself, none of it by this tool. */
beforeAll(async () => {
  folder = temporaryFolder()
  const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
  writeFileSync(at('client-key.bin'), key.safe_serialize(LIMIT))
  const write = (name: string, made: { safe_serialize(limit: bigint): Uint8Array }) =>
    writeFileSync(at(name), made.safe_serialize(LIMIT))
  write('u64.bin', tfhe.FheUint64.encrypt_with_client_key(2n ** 64n - 1n, key))
  write('i8.bin', tfhe.FheInt8.encrypt_with_client_key(-100, key))
  write('bool.bin', tfhe.FheBool.encrypt_with_client_key(true, key))
  write('compressed.bin', tfhe.CompressedFheUint8.encrypt_with_client_key(7, key))
  write('canary.bin', tfhe.FheUint256.encrypt_with_client_key(2n ** 255n + 5n, key))
  const builder = tfhe.CompactCiphertextList.builder(tfhe.TfheCompactPublicKey.new(key))
  builder.push_u8(1)
  write('list.bin', builder.build())
  const boolean = tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(0))
  writeFileSync(at('narrow.bin'), tfhe.Boolean.serialize_ciphertext(tfhe.Boolean.encrypt(boolean, true)))
  const dealt = await deal('client-key.bin', 'dealt', 2, 3)
  expect(dealt.exit).toBe(0)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function deal(key: string, out: string, t: number, n: number) {
  const quorum = ['--quorum', String(t), '--holders', String(n), '--mode', 'F']
  return custodyJson(['fhe', 'deal', '--client-key', at(key), ...quorum, '--rehearsal', '--out', at(out)])
}

function partial(
  i: number,
  out: string,
  ciphertexts: string[],
  { dir = 'dealt', more = [] as string[] } = {},
) {
  const files = ['--share', holder(dir, i), '--public', at(dir, 'public.bin'), '--out', at(out)]
  return custodyJson([
    'fhe',
    'partial',
    ...files,
    '--ciphertext',
    ...ciphertexts.map((file) => at(file)),
    '--rehearsal',
    ...more,
  ])
}

function combine(partials: string[], ciphertexts: string[], dir = 'dealt') {
  const files = ciphertexts.map((file) => at(file))
  return custodyJson([
    'fhe',
    'combine',
    ...partials.map((p) => at(p)),
    '--public',
    at(dir, 'public.bin'),
    '--ciphertext',
    ...files,
  ])
}

describe('partial and combine on files of tfhe', () => {
  test('any two holders give the value; the claim grows with the answers', async () => {
    const made = await Promise.all([1, 2, 3].map((i) => partial(i, `u64-${i}.prt`, ['u64.bin'])))
    expect(made.map(({ exit }) => exit)).toEqual([0, 0, 0])
    expect(made[0]!.json).toMatchObject({
      spends: 32,
      width: 64,
      types: ['u64'],
      blockBits: 32,
      belowFloor: true,
    })
    const [two, three] = await Promise.all([
      combine(['u64-3.prt', 'u64-1.prt'], ['u64.bin']),
      combine(['u64-1.prt', 'u64-2.prt', 'u64-3.prt'], ['u64.bin']),
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
    const files = ['i8.bin', 'bool.bin']
    await Promise.all([1, 2].map((i) => partial(i, `two-${i}.prt`, files)))
    const { json } = await combine(['two-1.prt', 'two-2.prt'], files)
    expect(json.results).toEqual([
      { type: 'i8', value: '-100' },
      { type: 'bool', value: 'true' },
    ])
  }, 60_000)

  test('FHE-INCONSISTENT a changed answer among three gives no value and exit 1', async () => {
    const bytes = readFileSync(at('u64-2.prt'))
    bytes[200]! ^= 1
    writeFileSync(at('wrong.prt'), bytes)
    const { exit, json } = await combine(['u64-1.prt', 'wrong.prt', 'u64-3.prt'], ['u64.bin'])
    expect(exit).toBe(1)
    expect(json).toMatchObject({
      ok: false,
      code: 'FHE-INCONSISTENT',
      detail: expect.stringContaining('unproven'),
    })
  }, 30_000)

  test('FHE-PADDING a wrong answer among no more than are needed is said to be one, not only another key’s file', async () => {
    const bytes = readFileSync(at('u64-2.prt'))
    // The padding bits of the first two coefficients of the last element: coefficient 3 still recombines to 0.
    for (const c of [0, 1]) bytes[bytes.length - 4 - 8 * (3 - c) - 1]! ^= 0x80
    writeFileSync(at('padded.prt'), bytes)
    const { exit, json } = await combine(['u64-1.prt', 'padded.prt'], ['u64.bin'])
    expect(exit).toBe(1)
    expect(json).toMatchObject({ code: 'FHE-PADDING', remedy: expect.stringContaining('ask more holders') })
  }, 30_000)

  test('answers that are too few, for another ciphertext or for a list are refused by name', async () => {
    const runs = await Promise.all([
      combine(['u64-1.prt'], ['u64.bin']),
      combine(['u64-1.prt', 'u64-2.prt'], ['i8.bin']),
      combine(['u64-1.prt', 'u64-2.prt'], ['list.bin']),
      partial(1, 'never.prt', ['narrow.bin']),
    ])
    const rules = ['FHE-PARTIALS-FEW', 'FHE-CIPHERTEXT-OTHER', 'FHE-BARE-LIST', 'FHE-BOOLEAN-API']
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual(rules.map((rule) => [1, rule]))
  }, 30_000)

  test('FHE-TYPE a compressed ciphertext is said to be compressed', async () => {
    const { exit, json } = await partial(1, 'compressed.prt', ['compressed.bin'])
    expect(exit).toBe(1)
    expect(json).toMatchObject({ code: 'FHE-TYPE', detail: expect.stringContaining('decompress it first') })
  }, 30_000)

  test('an answer is either to a request or of a rehearsal, and overwrites nothing', async () => {
    const { ciphertext, pub } = decrypted('u64.bin')
    const base = [
      'fhe',
      'partial',
      '--share',
      holder('dealt', 1),
      '--public',
      pub,
      '--ciphertext',
      ciphertext,
      '--out',
    ]
    const [neither, taken, ...contradictory] = await Promise.all([
      custodyJson([...base, at('x.prt')]),
      custodyJson([...base, at('u64-1.prt'), '--rehearsal']),
      custodyJson([...base, at('x.prt'), '--rehearsal', '--key', 'nosuch', '--policy', 'nosuch']),
      custodyJson([...base, at('x.prt'), '--rehearsal', '--policy', 'nosuch']),
      custodyJson([...base, at('x.prt'), '--request', 'r', '--canary', '--key', 'k', '--policy', 'p']),
    ])
    for (const { exit, json } of contradictory)
      expect({ exit, code: json.code }).toEqual({ exit: 2, code: 'OPTION-REQUEST' })
    expect({ exit: neither.exit, code: neither.json.code }).toEqual({ exit: 2, code: 'OPTION-REQUEST' })
    expect({ exit: taken.exit, code: taken.json.code }).toEqual({ exit: 2, code: 'FILE-EXISTS' })
  }, 30_000)
})

describe('squashed results of native tfhe-rs, and shares dealt for them', () => {
  const native = fileURLToPath(new URL('../../../../packages/crypto/vectors/native', import.meta.url))

  test('partial and combine read what native computed', async () => {
    const ciphertext = join(native, 'results', 'product-i64.squashed.bin')
    const pub = join(native, '2of3', 'public.bin')
    const answer = (i: number) =>
      custodyJson([
        ...['fhe', 'partial', '--share', join(native, '2of3', `holder-${i}.bin`), '--public', pub],
        ...['--ciphertext', ciphertext, '--out', at(`native-${i}.prt`), '--rehearsal'],
      ])
    const made = await Promise.all([1, 3].map(answer))
    expect(made[0]!.json).toMatchObject({ width: 128, blockBits: 51, types: ['i64'], spends: 16 })
    const { json } = await custodyJson([
      ...[
        'fhe',
        'combine',
        at('native-1.prt'),
        at('native-3.prt'),
        '--public',
        pub,
        '--ciphertext',
        ciphertext,
      ],
    ])
    expect(json).toMatchObject({ ok: true, type: 'i64', value: '5000000035', verified: 0 })
  }, 30_000)
})

describe('resharing on files', () => {
  const rotate = (verb: string, out: string, shares: number[], more: string[] = []) =>
    custodyJson([
      'fhe',
      verb,
      '--public',
      at('dealt', 'public.bin'),
      '--share',
      ...shares.map((i) => holder('dealt', i)),
      '--out',
      at(out),
      '--rehearsal',
      ...more,
    ])

  test('new holders decrypt, the canary passes, and old answers do not mix with new ones', async () => {
    const { exit, json } = await rotate('reshare', 'next', [3, 1], ['--quorum', '3', '--holders', '3'])
    expect(exit).toBe(0)
    expect(json).toMatchObject({ epoch: 1, t: 3, n: 3 })
    expect(statSync(holder('next', 2)).mode & 0o777).toBe(0o600)
    const canary = { dir: 'next', more: ['--canary'] }
    await Promise.all([1, 2, 3].map((i) => partial(i, `canary-${i}.prt`, ['canary.bin'], canary)))
    const files = [1, 2, 3].map((i) => at(`canary-${i}.prt`))
    const audit = (value: string, answers = files) =>
      custodyJson([
        'fhe',
        'audit',
        ...answers,
        '--public',
        at('next', 'public.bin'),
        '--ciphertext',
        at('canary.bin'),
        '--value',
        value,
      ])
    const [good, wrong, few, mixed] = await Promise.all([
      audit(String(2n ** 255n + 5n)),
      audit('7'),
      audit('7', files.slice(1)),
      combine(['canary-1.prt', 'canary-2.prt', 'u64-1.prt'], ['canary.bin'], 'next'),
    ])
    expect(good.json).toMatchObject({ ok: true, holders: 3, widths: [{ width: 64, blocks: 128 }] })
    expect(wrong.json).toMatchObject({
      code: 'FHE-CANARY-VALUE',
      remedy: expect.stringMatching(/^check the --value given first; .*abort the run/),
    })
    expect(few.json).toMatchObject({
      code: 'FHE-CANARY-HOLDERS',
      remedy: expect.stringMatching(/^give the missing .*nothing was decided/),
    })
    expect(few.json.remedy).not.toContain('abort')
    expect(mixed).toMatchObject({ exit: 1, json: { code: 'FHE-PARTIALS-MIXED' } })
  }, 90_000)

  test('refresh keeps the people, remove leaves one out, and the removed cannot re-deal', async () => {
    const [refreshed, removed, own] = await Promise.all([
      rotate('refresh', 'fresh', [2, 3]),
      rotate('remove', 'fewer', [1, 3], ['--holder', '2']),
      rotate('remove', 'none', [1, 2], ['--holder', '2']),
    ])
    expect(refreshed.json).toMatchObject({ epoch: 1, t: 2, n: 3 })
    expect(removed.json).toMatchObject({ epoch: 1, t: 2, n: 2 })
    expect({ exit: own.exit, code: own.json.code }).toEqual({ exit: 1, code: 'FHE-DEALERS' })
  }, 60_000)

  test('FHE-DEALERS one share alone and the same share twice are refused as that, and leave no folder', async () => {
    const runs = await Promise.all([
      rotate('refresh', 'alone', [1]),
      rotate('refresh', 'twice', [1, 1]),
      rotate('reshare', 'alone-moved', [2], ['--quorum', '2', '--holders', '3']),
      rotate('reshare', 'twice-moved', [2, 2], ['--quorum', '2', '--holders', '3']),
    ])
    for (const { exit, json } of runs) {
      expect({ exit, code: json.code }).toEqual({ exit: 1, code: 'FHE-DEALERS' })
      expect(json.remedy).toContain('exactly 2 different holders')
    }
    for (const out of ['alone', 'twice', 'alone-moved', 'twice-moved'])
      expect(existsSync(at(out))).toBe(false)
  }, 60_000)

  test('each dealer alone and each holder alone come to the same epoch', async () => {
    const redeal = (i: number) =>
      custodyJson([
        ...['fhe', 'redeal', '--public', at('dealt', 'public.bin'), '--share', holder('dealt', i)],
        ...['--dealers', '1,2', '--quorum', '2', '--holders', '3', '--rehearsal', '--out', at(`part-${i}`)],
      ])
    expect((await Promise.all([redeal(1), redeal(2)])).map(({ exit }) => exit)).toEqual([0, 0])
    const next = (i: number, seeds: string[]) =>
      custodyJson([
        ...[
          'fhe',
          'next',
          '--public',
          at('dealt', 'public.bin'),
          '--quorum',
          '2',
          '--holders',
          '3',
          '--rehearsal',
        ],
        ...['--correction', at('part-1', 'correction-1.bin'), at('part-2', 'correction-2.bin')],
        ...['--holder', String(i), '--seeds', ...seeds, '--out', at(`mine-${i}-${seeds.length}`)],
      ])
    const seeds = (i: number) => [1, 2].map((q) => at(`part-${q}`, `seeds-${q}-to-${i}.bin`))
    const [one, three, other] = await Promise.all([next(1, seeds(1)), next(3, seeds(3)), next(2, seeds(3))])
    expect(one.exit).toBe(0)
    expect(one.json.epochId).toBe(three.json.epochId)
    expect({ exit: other.exit, code: other.json.code }).toEqual({ exit: 1, code: 'FHE-HOLDER-OTHER' })
    const shown = await custodyJson(['fhe', 'inspect', at('part-1', 'seeds-1-to-2.bin')])
    expect(shown.json).toMatchObject({
      type: 'seeds-of-a-reshare',
      secret: true,
      facts: { dealer: 1, holder: 2 },
    })
  }, 90_000)

  test('FHE-OPEN-SHARES without --rehearsal nothing is reshared in the open', async () => {
    const { exit, json } = await custodyJson([
      ...['fhe', 'refresh', '--public', at('dealt', 'public.bin'), '--out', at('open')],
      ...['--share', holder('dealt', 1), holder('dealt', 2)],
    ])
    expect({ exit, code: json.code }).toEqual({ exit: 1, code: 'FHE-OPEN-SHARES' })
  })
})
