import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { targetFolder } from '../scripts/interop/evaluator.ts'
import { root } from '../scripts/root.ts'
import { keyInPage, type TimedKey } from './fhe/key-page.ts'
import { run } from './program.ts'
import { type Row, timeRow } from './row.ts'

type Made = { timings: readonly { phase: string; milliseconds: number }[]; peakMemoryMiB: number }

/** What native calls the phase of the same work. */
const native: Readonly<Record<string, string>> = {
  'client-key': 'client key',
  'compact-public-key': 'compact public key',
  'server-key': 'server key',
  'squash server-key': 'server key with squash key',
}

/**
 * Key generation as `custody fhe keygen` does it: wasm, one thread, in a child of its own. The limit is native tfhe-rs on all
 * cores, where examples/fhe-evaluator has been built. Minutes, for the key with squashing takes them; once each. Then the
 * plain server key in a page, without and with a pool of threads.
 */
export async function benchFheKeys(): Promise<Row[]> {
  const figures = nativeFigures()
  const folder = mkdtempSync(join(tmpdir(), 'lux-bench-keys-'))
  try {
    const rows: Row[] = []
    for (const squash of [false, true]) {
      const options = ['--json', 'fhe', 'keygen', '--out', join(folder, `${squash}`)]
      const { stdout } = await run(join(root, 'custody'), squash ? [...options, '--squash'] : options)
      // The document of `custody --json fhe keygen`, which exits 0 only with all of it.
      const { timings, peakMemoryMiB } = JSON.parse(stdout) as Made
      for (const { phase, milliseconds } of timings) {
        if (squash && phase !== 'server-key') continue
        const name = squash ? `squash ${phase}` : phase
        const limit = figures?.[native[name] ?? ''] ?? null
        rows.push({
          work: name,
          unit: 'ms',
          ours: milliseconds,
          limit: limit === null ? null : Number(limit.toPrecision(3)),
          ratio: limit === null || milliseconds === 0 ? null : Number((limit / milliseconds).toPrecision(3)),
          goal: null,
          memoryMiB: phase === 'server-key' ? peakMemoryMiB : null,
        })
      }
    }
    return [...rows, ...nativeRows(figures), ...(await benchPage())]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What native held, for the two keys whose memory counts. */
function nativeRows(figures: Readonly<Record<string, number>> | null): Row[] {
  return ['server-key', 'squash server-key'].flatMap((name) => {
    const phase = native[name] ?? ''
    const ours = figures?.[phase]
    const peak = figures?.[`peak MiB, ${phase}`]
    if (ours === undefined || peak === undefined) return []
    return [
      {
        work: `${name}, native`,
        unit: 'ms',
        ours: Number(ours.toPrecision(3)),
        limit: null,
        ratio: null,
        goal: null,
        memoryMiB: Math.round(peak),
      },
    ]
  })
}

const rounds = 3

/** The plain server key, by turns in Node, in a page, and in a page with a pool of two. Node is the limit. */
async function benchPage(): Promise<Row[]> {
  const node: TimedKey[] = []
  const page: TimedKey[] = []
  const pool: TimedKey[] = []
  for (let round = 0; round < rounds; round++) {
    node.push(await keyInNode())
    page.push(await keyInPage(1))
    pool.push(await keyInPage(2))
  }
  const rowsOf = (name: string, keys: readonly TimedKey[]): Row[] => [
    timeRow({
      work: `server-key in ${name}`,
      ours: keys.map(({ milliseconds }) => milliseconds),
      limit: node.map(({ milliseconds }) => milliseconds),
      memoryMiB: Math.max(...keys.map(({ peakMiB }) => peakMiB)),
    }),
    timeRow({
      work: `server-key in ${name}, busiest thread`,
      ours: keys.map(({ busiest }) => busiest),
      limit: node.map(({ busiest }) => busiest),
    }),
  ]
  return [...rowsOf('a page', page), ...rowsOf('a page with a pool of 2', pool)]
}

async function keyInNode(): Promise<TimedKey> {
  const { stdout, peakMiB } = await run(process.execPath, [join(import.meta.dirname, 'fhe/key-node.mjs')])
  // key-node.mjs prints one object of numbers.
  return { ...(JSON.parse(stdout) as Omit<TimedKey, 'peakMiB'>), peakMiB }
}

function nativeFigures(): Record<string, number> | null {
  const program = join(targetFolder, 'release/native-figures')
  if (!existsSync(program)) {
    process.stderr.write('native is left out: `npm run interop` builds it where cargo is present\n')
    return null
  }
  const { status, stdout, stderr } = spawnSync(program, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ended with ${status}\n${stderr}`)
  // native-figures prints one object of numbers.
  return JSON.parse(stdout) as Record<string, number>
}
