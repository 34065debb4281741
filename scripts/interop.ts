import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildEvaluator, buildKmipClient } from './interop/evaluator.ts'
import { prepare, results } from './interop/job.ts'
import { custody, example, note, ran, seconds } from './interop/run.ts'
import { root } from './root.ts'

// A key from `custody`, ciphertexts from node-tfhe, computing in native tfhe-rs, holders from `custody` again.

const { values: options } = parseArgs({
  options: {
    /** A folder that `custody fhe keygen --squash` wrote, instead of two minutes of making one. */
    key: { type: 'string' },
    /** Keep the files that the tests of packages/crypto read: a new, empty folder. */
    freeze: { type: 'string' },
    /** Leave the working folder. */
    keep: { type: 'boolean', default: false },
    /** Only a production ceremony on a soft token, with people who sign on files: its key made afresh, computed with and opened. */
    production: { type: 'boolean', default: false },
    /** Only the KMIP client in Rust, against a server of its own. */
    kmip: { type: 'boolean', default: false },
    /** Only kryoptic, a capable token that no distribution here has: built, attacked, compared with the table of tokens, and rehearsed on. */
    token: { type: 'boolean', default: false },
  },
})

if (spawnSync('cargo', ['--version']).status !== 0) {
  process.stderr.write(
    'interop: cargo is not here, so the native evaluator cannot be built: nothing was tested\n',
  )
  process.exit(3)
}

function tested(name: string, own: NodeJS.ProcessEnv): number {
  const args = ['run', '--config', join(root, 'vitest.interop.config.ts'), name]
  const env = { ...process.env, ...own }
  return spawnSync('vitest', args, { cwd: root, env, stdio: 'inherit' }).status ?? 1
}

if (options.production) process.exit(tested('production-native', { LUX_EVALUATOR: await buildEvaluator() }))
const token = options.kmip ? 0 : tested('kryoptic', { LUX_KRYOPTIC: await buildKryoptic() })
if (options.token) process.exit(token)
const kmip = tested('kmip', { LUX_KMIP_CLIENT: await buildKmipClient() })
if (options.kmip) process.exit(kmip)

const folder = mkdtempSync(join(tmpdir(), 'lux-interop-'))
const at = (...names: string[]): string => join(folder, ...names)
let failures = [token, kmip].filter((one) => one !== 0).length
try {
  const evaluator = await buildEvaluator()
  const key = options.key === undefined ? at('key') : resolve(options.key)
  if (options.key === undefined) await custody('fhe', 'keygen', '--squash', '--out', key)
  const deals = [
    { t: 2, n: 3, name: '2of3' },
    { t: 3, n: 5, name: '3of5' },
  ]
  let keyId = ''
  for (const { t, n, name } of deals) {
    const dealt = await custody(
      ...['fhe', 'deal', '--client-key', join(key, 'client-key.bin')],
      ...[
        '--compact-public-key',
        join(key, 'compact-public-key.bin'),
        '--server-key',
        join(key, 'server-key.bin'),
      ],
      ...['--quorum', String(t), '--holders', String(n), '--mode', 'S', '--rehearsal', '--out', at(name)],
    )
    keyId = String(dealt.keyId)
  }
  await ran(evaluator, ['enrol', 'interop evaluator', 'rehearsal', at('evaluator.key'), at('evaluator.json')])
  await example('enrol', 'interop encryptor', 'rehearsal', at('encryptor.key'), at('encryptor.json'))
  const list = prepare({ folder, key, keyId })
  await example(
    ...[
      'encrypt',
      at('encryptor.key'),
      'rehearsal',
      keyId,
      join(key, 'compact-public-key.bin'),
      at('inputs.bin'),
    ],
    ...list,
  )
  await refuseAttacks({ folder, evaluator })
  const computed = await ran(evaluator, ['run', at('config.json'), at('job.json'), at('results')])
  note(`evaluator: ${seconds(computed.ms)}, ${computed.peakMiB.toFixed(0)} MiB at its peak`)
  for (const { t, n, name } of deals) {
    // A bare quorum of the last holders, and as many as verify against any t-1.
    for (const holders of [count(t).map((i) => n - i), count(2 * t - 1).map((i) => i + 1)]) {
      mkdirSync(at('partials'), { recursive: true })
      failures += await decryptAll({ name, holders })
    }
  }
  if (options.freeze !== undefined) freeze({ folder, key, to: resolve(options.freeze), deals })
} finally {
  if (options.keep) note(`kept ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}
note(failures === 0 ? 'interop: every value is right' : `interop: ${failures} are wrong`)
process.exitCode = failures === 0 ? 0 : 1

async function decryptAll({ name, holders }: { name: string; holders: readonly number[] }): Promise<number> {
  let wrong = 0
  for (const { output, kind, value } of results) {
    const ciphertext = at('results', `${output}.squashed.bin`)
    const partials: string[] = []
    for (const holder of holders) {
      const partial = at('partials', `${name}-${holders.length}-${output}-${holder}.prt`)
      await custody(
        ...[
          'fhe',
          'partial',
          '--share',
          at(name, `holder-${holder}.bin`),
          '--public',
          at(name, 'public.bin'),
        ],
        ...['--ciphertext', ciphertext, '--out', partial, '--rehearsal'],
      )
      partials.push(partial)
    }
    const combined = await custody(
      ...['fhe', 'combine', ...partials, '--public', at(name, 'public.bin'), '--ciphertext', ciphertext],
    )
    const right = combined.type === kind && combined.value === value
    if (!right) wrong++
    note(
      `${name}, holders ${holders.join(' ')}: ${output} = ${combined.value} (${combined.type}), ${combined.claim}${right ? '' : `; WRONG, expected ${value} (${kind})`}`,
    )
  }
  return wrong
}

function count(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i)
}

/** Builds examples/kryoptic-token from its lock file: a PKCS#11 3.2 token in Rust. Gives the library. It needs libclang-dev and libssl-dev. */
async function buildKryoptic(): Promise<string> {
  const target = join(tmpdir(), 'lux-kryoptic-target')
  const manifest = join(root, 'examples/kryoptic-token/Cargo.toml')
  const { ms } = await ran('cargo', [
    ...['build', '--release', '--locked', '--manifest-path', manifest, '--target-dir', target],
  ])
  note(`cargo build --release: ${seconds(ms)}`)
  return join(target, 'release/libkryoptic_token.so')
}

/** A bare list, and a signed one of which one word was altered, must be refused; both would give the key away. */
async function refuseAttacks({ folder, evaluator }: { folder: string; evaluator: string }): Promise<void> {
  const at = (name: string): string => join(folder, name)
  const altered = readFileSync(at('inputs.bin'))
  const middle = altered.length >> 1
  altered.writeUInt8(altered.readUInt8(middle) ^ 1, middle)
  writeFileSync(at('altered.bin'), altered)
  for (const [job, rule] of [
    ['bare-job.json', 'ADMIT-BARE'],
    ['altered-job.json', 'ADMIT-SIGNATURE'],
  ] as const) {
    const { stderr } = await ran(evaluator, ['run', at('config.json'), at(job), at('refused')], 1)
    const last = stderr.trim().split('\n').at(-1) ?? ''
    if (!last.startsWith(`${rule}: `)) throw new Error(`${job}: expected ${rule}, got ${last}`)
    note(`evaluator refuses: ${last.replaceAll(`${folder}/`, '')}`)
  }
}

type Deal = { name: string; n: number }

/** Copies what packages/crypto's tests decrypt: the client key of a rehearsal, its shares, and what came out of native. */
function freeze(from: { folder: string; key: string; to: string; deals: readonly Deal[] }): void {
  const { folder, key, to, deals } = from
  mkdirSync(to, { recursive: true })
  const copy = (source: string, ...names: string[]): void => {
    mkdirSync(join(to, ...names.slice(0, -1)), { recursive: true })
    copyFileSync(source, join(to, ...names))
  }
  for (const name of ['client-key.bin', 'compact-public-key.bin']) copy(join(key, name), name)
  for (const name of [
    'encryptor.json',
    'evaluator.json',
    'inputs.bin',
    'inputs.bin.signed.json',
    'job.json',
  ]) {
    copy(join(folder, name), name)
  }
  for (const { name, n } of deals) {
    copy(join(folder, name, 'public.bin'), name, 'public.bin')
    for (let holder = 1; holder <= n; holder++) {
      copy(join(folder, name, `holder-${holder}.bin`), name, `holder-${holder}.bin`)
    }
  }
  for (const { output } of results) {
    for (const end of ['squashed.bin', 'provenance.json']) {
      copy(join(folder, 'results', `${output}.${end}`), 'results', `${output}.${end}`)
    }
  }
  writeFileSync(join(to, 'values.json'), `${JSON.stringify(results, null, 2)}\n`)
  note(`frozen in ${to}`)
}
