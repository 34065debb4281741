import { existsSync, statSync } from 'node:fs'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodyJson, each } from '../support/custody.ts'
import { FheFolder } from '../support/fhe-folder.ts'

const files = new FheFolder()

/** A key and ciphertexts made elsewhere: by tfhe itself, none of it by this tool. */
beforeAll(async () => {
  const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
  files.write('client-key.bin', key)
  files.write('u64.bin', tfhe.FheUint64.encrypt_with_client_key(2n ** 64n - 1n, key))
  files.write('canary.bin', tfhe.FheUint256.encrypt_with_client_key(2n ** 255n + 5n, key))
  expect((await files.deal('client-key.bin', 'dealt', 2, 3)).exit).toBe(0)
  expect((await files.partial(1, 'u64-1.prt', ['u64.bin'])).exit).toBe(0)
}, 60_000)
afterAll(() => files.remove())

describe('resharing on files', () => {
  const rotate = (verb: string, out: string, shares: number[], more: string[] = []) =>
    custodyJson([
      'fhe',
      verb,
      '--public',
      files.at('dealt', 'public.bin'),
      ...each('--share', ...shares.map((i) => files.holder('dealt', i))),
      '--out',
      files.at(out),
      '--rehearsal',
      ...more,
    ])

  test('new holders decrypt, the canary passes, and old answers do not mix with new ones', async () => {
    const { exit, json } = await rotate('reshare', 'next', [3, 1], ['--quorum', '3', '--holders', '3'])
    expect(exit).toBe(0)
    expect(json).toMatchObject({ epoch: 1, t: 3, n: 3 })
    expect(statSync(files.holder('next', 2)).mode & 0o777).toBe(0o600)
    const canary = { dir: 'next', more: ['--canary'] }
    await Promise.all([1, 2, 3].map((i) => files.partial(i, `canary-${i}.prt`, ['canary.bin'], canary)))
    const answers = [1, 2, 3].map((i) => files.at(`canary-${i}.prt`))
    const audit = (value: string, given = answers) =>
      custodyJson([
        'fhe',
        'audit',
        ...given,
        '--public',
        files.at('next', 'public.bin'),
        '--ciphertext',
        files.at('canary.bin'),
        '--value',
        value,
      ])
    const [good, wrong, few, mixed] = await Promise.all([
      audit(String(2n ** 255n + 5n)),
      audit('7'),
      audit('7', answers.slice(1)),
      files.combine(['canary-1.prt', 'canary-2.prt', 'u64-1.prt'], ['canary.bin'], 'next'),
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
      expect(existsSync(files.at(out))).toBe(false)
  }, 60_000)

  test('each dealer alone and each holder alone come to the same epoch', async () => {
    const redeal = (i: number) =>
      custodyJson([
        ...[
          'fhe',
          'redeal',
          '--public',
          files.at('dealt', 'public.bin'),
          '--share',
          files.holder('dealt', i),
        ],
        ...[
          '--dealers',
          '1,2',
          '--quorum',
          '2',
          '--holders',
          '3',
          '--rehearsal',
          '--out',
          files.at(`part-${i}`),
        ],
      ])
    expect((await Promise.all([redeal(1), redeal(2)])).map(({ exit }) => exit)).toEqual([0, 0])
    const next = (i: number, seeds: string[]) =>
      custodyJson([
        ...[
          'fhe',
          'next',
          '--public',
          files.at('dealt', 'public.bin'),
          '--quorum',
          '2',
          '--holders',
          '3',
          '--rehearsal',
        ],
        ...[
          ...each(
            '--correction',
            files.at('part-1', 'correction-1.bin'),
            files.at('part-2', 'correction-2.bin'),
          ),
        ],
        ...[
          '--holder',
          String(i),
          ...each('--seeds', ...seeds),
          '--out',
          files.at(`mine-${i}-${seeds.length}`),
        ],
      ])
    const seeds = (i: number) => [1, 2].map((q) => files.at(`part-${q}`, `seeds-${q}-to-${i}.bin`))
    const [one, three, other] = await Promise.all([next(1, seeds(1)), next(3, seeds(3)), next(2, seeds(3))])
    expect(one.exit).toBe(0)
    expect(one.json.epochId).toBe(three.json.epochId)
    expect({ exit: other.exit, code: other.json.code }).toEqual({ exit: 1, code: 'FHE-HOLDER-OTHER' })
    const shown = await custodyJson(['fhe', 'inspect', files.at('part-1', 'seeds-1-to-2.bin')])
    expect(shown.json).toMatchObject({
      type: 'seeds-of-a-reshare',
      secret: true,
      facts: { dealer: 1, holder: 2 },
    })
  }, 90_000)

  test('FHE-OPEN-SHARES without --rehearsal nothing is reshared in the open', async () => {
    const { exit, json } = await custodyJson([
      ...['fhe', 'refresh', '--public', files.at('dealt', 'public.bin'), '--out', files.at('open')],
      ...[...each('--share', files.holder('dealt', 1), files.holder('dealt', 2))],
    ])
    expect({ exit, code: json.code }).toEqual({ exit: 1, code: 'FHE-OPEN-SHARES' })
  })
})
