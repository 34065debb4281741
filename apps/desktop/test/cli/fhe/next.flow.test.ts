import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodePublic, epochIdOf, parsePublic } from '@lux/crypto/fhe'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyJson, each, temporaryFolder } from '../support/custody.ts'

const native = fileURLToPath(new URL('../../../../../packages/crypto/vectors/native', import.meta.url))
const product = join(native, 'results', 'product-i64.squashed.bin')
/** What any one of 2 of 3 carries of the largest budget: half of it, less the largest canary, here of squashed blocks. */
const carried = (largest: number, canary = 256) => largest / 2 - canary
/** What the largest canary of fresh blocks costs: each as much as 2^8 of those that a budget counts. */
const freshCanary = 256 * 2 ** 8
let folder: string
const at = (...parts: string[]) => join(folder, ...parts)

/** A key of mode F, made by tfhe: 2 of 3, `plain`; and one with a squash key, out of the vectors: `native`. */
beforeAll(async () => {
  folder = temporaryFolder()
  const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
  writeFileSync(at('key.bin'), key.safe_serialize(1n << 30n))
  writeFileSync(at('u8.bin'), tfhe.FheUint8.encrypt_with_client_key(201, key).safe_serialize(1n << 30n))
  const deal = ['--quorum', '2', '--holders', '3', '--mode', 'F', '--rehearsal', '--out', at('plain')]
  expect((await custody(['fhe', 'deal', '--client-key', at('key.bin'), ...deal])).exit).toBe(0)
  await Promise.all([redeal(at('plain'), 'plain'), redeal(join(native, '2of3'), 'native')])
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Holders 1 and 3 of the epoch in a folder deal to 2 of 3 new ones: as the help says. */
async function redeal(dir: string, name: string, shares = ['holder-1.bin', 'holder-3.bin']) {
  mkdirSync(at(name), { recursive: true })
  const made = await Promise.all(
    shares.map((share, i) =>
      custodyJson([
        ...['fhe', 'redeal', '--public', join(dir, 'public.bin'), '--share', join(dir, share)],
        ...['--dealers', '1,3', '--quorum', '2', '--holders', '3', '--rehearsal'],
        ...['--out', at(name, String(i === 0 ? 1 : 3))],
      ]),
    ),
  )
  expect(made.map(({ exit }) => exit)).toEqual([0, 0])
  return made.map(({ json }) => json)
}

type NextRun = { dir: string; from: string; holder: number; out: string; more?: string[]; seeds?: string[] }

function nextCommand({ dir, from, holder, out, more = [], seeds }: NextRun) {
  const own = [1, 3].map((q) => at(from, String(q), `seeds-${q}-to-${holder}.bin`))
  return [
    ...['fhe', 'next', '--public', join(dir, 'public.bin'), '--quorum', '2', '--holders', '3'],
    ...each('--correction', at(from, '1', 'correction-1.bin'), at(from, '3', 'correction-3.bin')),
    ...[
      '--holder',
      String(holder),
      ...each('--seeds', ...(seeds ?? own)),
      '--rehearsal',
      '--out',
      at(out),
      ...more,
    ],
  ]
}

const next = (run: NextRun) => custodyJson(nextCommand(run))

async function decrypted(ciphertext: string, epochs: readonly [number, string][]) {
  const partials = epochs.map(([, out]) => at(out, 'answer.prt'))
  const made = await Promise.all(
    epochs.map(([holder, out], i) =>
      custodyJson([
        ...['fhe', 'partial', '--share', at(out, `holder-${holder}.bin`), '--public', at(out, 'public.bin')],
        ...['--ciphertext', ciphertext, '--rehearsal', '--out', partials[i]!],
      ]),
    ),
  )
  expect(made.map(({ json }) => json.code ?? 'answered')).toEqual(made.map(() => 'answered'))
  const pub = at(epochs[0]![1], 'public.bin')
  const { json } = await custodyJson([
    'fhe',
    'combine',
    ...partials,
    '--public',
    pub,
    '--ciphertext',
    ciphertext,
  ])
  return json.value
}

describe('a share that redeal and next made', () => {
  test('FHE-BUDGET of a mode F key answers what reshare would let it, and never more than --budget', async () => {
    const run = { dir: at('plain'), from: 'plain' }
    const [one, two, less, more] = await Promise.all([
      next({ ...run, holder: 1, out: 'f1' }),
      next({ ...run, holder: 2, out: 'f2' }),
      next({ ...run, holder: 2, out: 'f-less', more: ['--budget', '1000'] }),
      next({ ...run, holder: 2, out: 'f-more', more: ['--budget', '999999999'] }),
    ])
    const budgets = { at64: carried(2 ** 19, freshCanary), at128: 0 }
    expect(one.json).toMatchObject({ ok: true, budgets })
    expect(less.json).toMatchObject({ ok: true, budgets: { at64: 1000, at128: 0 } })
    expect(more.json).toMatchObject({ ok: true, budgets })
    const shown = await custodyJson(['fhe', 'inspect', at('f2', 'holder-2.bin')])
    expect(shown.json.facts).toMatchObject({ epochId: two.json.epochId, budget: budgets })
    const reshared = await custodyJson([
      ...['fhe', 'refresh', '--public', at('plain', 'public.bin'), '--rehearsal', '--out', at('together')],
      ...each('--share', at('plain', 'holder-1.bin'), at('plain', 'holder-3.bin')),
    ])
    expect(reshared.json.budgets).toEqual(budgets)
    const epochs: [number, string][] = [
      [1, 'f1'],
      [2, 'f2'],
    ]
    expect(await decrypted(at('u8.bin'), epochs)).toBe('201')
  }, 90_000)

  test('FHE-BUDGET of a mode S key answers squashed blocks, half as many with each epoch', async () => {
    const run = { dir: join(native, '2of3'), from: 'native' }
    const [one, three] = await Promise.all(
      [1, 3].map((holder) => next({ ...run, holder, out: `s${holder}` })),
    )
    expect(one!.json).toMatchObject({ budgets: { at64: 0, at128: carried(2 ** 30) } })
    expect(three!.json.budgets).toEqual(one!.json.budgets)
    const epochs: [number, string][] = [
      [1, 's1'],
      [3, 's3'],
    ]
    expect(await decrypted(product, epochs)).toBe('5000000035')
    const shares = [join('..', 's1', 'holder-1.bin'), join('..', 's3', 'holder-3.bin')]
    const [said] = await redeal(at('s1'), 'again', shares)
    expect(said!.budgets).toEqual(one!.json.budgets)
    const second = await next({ dir: at('s1'), from: 'again', holder: 2, out: 'second' })
    expect(second.json).toMatchObject({ budgets: { at64: 0, at128: carried(carried(2 ** 30)) } })
  }, 90_000)

  test('FHE-FIELD, FHE-RUN-MIXED, FHE-BUDGET a dealer that says nothing has spent all, and none says more than there was', async () => {
    const dir = at('plain')
    const [first] = await redeal(dir, 'said')
    const file = String(first!.left)
    const honest = readFileSync(file, 'utf8')
    const run = (out: string) => next({ dir, from: 'said', holder: 2, out })
    const told = async (text: string) => {
      writeFileSync(file, text)
      const { json } = await run('never')
      expect(json.detail).toMatch(new RegExp(`^${file}: `))
      return json.code
    }
    expect(await told(honest.replace('"at64":', '"at32":'))).toBe('FHE-FIELD')
    expect(await told(honest.replace('"dealer":1', '"dealer":3'))).toBe('FHE-RUN-MIXED')
    expect(await told(honest.replace(/"at64":\d+/, '"at64":9999999'))).toBe('FHE-BUDGET')
    expect(await told(honest.replace(/"at128":0/, '"at128":1'))).toBe('FHE-BUDGET')
    writeFileSync(file, honest)
    const left = await run('one-silent')
    expect(left.json.budgets).toEqual({ at64: carried(2 ** 19, freshCanary), at128: 0 })
    const shown = await custody(nextCommand({ dir, from: 'said', holder: 2, out: 'silent-too' }))
    expect(shown.stdout).toContain('no left-2.json: holder 2 counts as having spent all')
  }, 90_000)

  test('FHE-BUDGET-NONE no share is made that could answer nothing; what the others have left, named, counts', async () => {
    const dir = at('plain')
    const [first] = await redeal(dir, 'untold')
    const run = (out: string, more: string[] = []) => next({ dir, from: 'untold', holder: 2, out, more })
    rmSync(String(first!.left))
    expect(await run('silent')).toMatchObject({ exit: 1, json: { code: 'FHE-BUDGET-NONE' } })
    const say = (i: number) => {
      const share = ['--share', join(dir, `holder-${i}.bin`), '--public', join(dir, 'public.bin')]
      return custodyJson(['fhe', 'left', ...share, '--rehearsal', '--out', at(`said-${i}`)])
    }
    const [one, two] = await Promise.all([say(1), say(2)])
    expect(two.json).toMatchObject({ ok: true, holder: 2, budgets: { at64: 2 ** 19, at128: 0 } })
    const files = [String(one.json.left), String(two.json.left)]
    const all = { at64: 2 ** 19 - freshCanary, at128: 0 }
    expect((await run('all', [...each('--left', ...files)])).json).toMatchObject({ ok: true, budgets: all })
    const twice = await run('twice', [...each('--left', files[0]!, files[0]!)])
    expect(twice.json).toMatchObject({ code: 'FHE-HOLDER-DUPLICATE' })
    const shares = [...each('--share', join(dir, 'holder-1.bin'), join(dir, 'holder-3.bin'))]
    const refresh = ['fhe', 'refresh', '--public', join(dir, 'public.bin'), ...shares, '--rehearsal']
    const refreshed = await custodyJson([...refresh, '--left', files[1]!, '--out', at('with-left')])
    expect(refreshed.json).toMatchObject({ ok: true, budgets: all })
    // Three moves on which the third holder stays silent: 524288, 196608, 32768, nothing.
    for (const [from, to, ok] of [
      ['plain', 'm1', true],
      ['m1', 'm2', true],
      ['m2', 'm3', false],
    ] as const) {
      const own = [...each('--share', at(from, 'holder-1.bin'), at(from, 'holder-3.bin'))]
      const words = ['fhe', 'refresh', '--public', at(from, 'public.bin'), ...own, '--rehearsal']
      const moved = await custodyJson([...words, '--out', at(to)])
      expect(moved.json.code ?? 'moved').toBe(ok ? 'moved' : 'FHE-BUDGET-NONE')
    }
  }, 90_000)

  test('OPTION-SHARE seeds of no holder are refused, not left out', async () => {
    const command = nextCommand({ dir: at('plain'), from: 'plain', holder: 2, out: 'nobody' })
    const words = command.filter((word, i) => word !== '--holder' && command[i - 1] !== '--holder')
    expect(await custodyJson(words)).toMatchObject({ exit: 2, json: { code: 'OPTION-SHARE' } })
  }, 60_000)

  test('FHE-SEED-COMMITMENT a wrong seed alone accuses its dealer', async () => {
    const dir = at('plain')
    const seeds = (holder: number) => [1, 3].map((q) => at('plain', String(q), `seeds-${q}-to-${holder}.bin`))
    const wrong = at('wrong-seed.bin')
    const bytes = readFileSync(seeds(2)[1]!)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(wrong, bytes)
    const cut = at('cut-seed.bin')
    writeFileSync(cut, bytes.subarray(0, -1))
    const run = (files: string[], out: string) => next({ dir, from: 'plain', holder: 2, out, seeds: files })
    const [accused, misnamed, short] = await Promise.all([
      run([seeds(2)[0]!, wrong], 'accused'),
      run(seeds(3), 'misnamed'),
      run([seeds(2)[0]!, cut], 'short'),
    ])
    expect(accused.json).toMatchObject({ code: 'FHE-SEED-COMMITMENT' })
    expect(accused.json.detail).toContain('holder 3')
    expect(accused.json.remedy).toContain('tell all others')
    expect(misnamed.json.code).toBe('FHE-HOLDER-OTHER')
    expect(misnamed.json.remedy ?? '').not.toContain('tell all others')
    expect(short.json).toMatchObject({ code: 'FHE-TRUNCATED' })
    expect(short.json.detail).toMatch(new RegExp(`^${cut}: `))
    expect(short.json.remedy ?? '').not.toContain('tell all others')
  }, 60_000)

  test('FHE-OPEN-SHARES the command refuses production shares: those are dealt anew inside a ceremony', async () => {
    const open = parsePublic(readFileSync(join(native, '2of3', 'public.bin')))
    const header = { ...open.header, domain: 'production' as const }
    const epochId = epochIdOf(header, open)
    writeFileSync(at('real.bin'), encodePublic({ ...open, header: { ...header, epochId } }))
    const command = nextCommand({ dir: at('plain'), from: 'plain', holder: 2, out: 'real' })
    const real = await custodyJson([...command, '--public', at('real.bin')])
    expect(real).toMatchObject({ exit: 1, json: { code: 'FHE-OPEN-SHARES' } })
    const unsaid = await custodyJson(command.filter((word) => word !== '--rehearsal'))
    expect(unsaid).toMatchObject({ exit: 1, json: { code: 'FHE-OPEN-SHARES' } })
  }, 60_000)
})
