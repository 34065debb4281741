import { createHash } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { softTokenEnvironment } from '../packages/hsm/src/index.ts'
import { root } from '../scripts/root.ts'
import { run } from './program.ts'
import { type Row, timeRow } from './row.ts'

const rounds = 5

type Rehearsal = { milliseconds: Record<string, number>; total: number; peakMiB: number; sealing: number }
type Raw = Record<'initialise-token' | 'log-in' | 'generate-root' | 'deal-shares', number>

/**
 * The machine's time for the whole scripted ceremony `first-run`, step by step, as `custody --json rehearse` reports it. The stand-ins'
 * signatures are part of it. Limits: the token called straight through pkcs11js, and the key library alone. The limit for sealing is one
 * write, one read and two hashes of a file as large as the bundle.
 */
export async function benchCeremony(): Promise<Row[]> {
  const rehearsals: Rehearsal[] = []
  const raws: Raw[] = []
  const folder = mkdtempSync(join(tmpdir(), 'lux-bench-'))
  try {
    for (let round = 0; round < rounds; round++) {
      raws.push(await raw(join(folder, `raw-${round}`)))
      rehearsals.push(await rehearse(join(folder, `run-${round}`)))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const limits: Record<string, number[]> = {
    'initialise-token': raws.map((one) => one['initialise-token']),
    'log-in': raws.map((one) => one['log-in']),
    'generate-root': raws.map((one) => one['generate-root']),
    'deal-shares': raws.map((one) => one['deal-shares']),
    seal: rehearsals.map((one) => one.sealing),
  }
  const steps = Object.keys(rehearsals[0]?.milliseconds ?? {})
  const rows = steps.map((step) => {
    const limit = limits[step]
    const ours = rehearsals.map((one) => one.milliseconds[step] ?? 0)
    // The deal is the library's work almost alone: the rest may take no longer than a quarter of it.
    const goal = step === 'deal-shares' ? { goal: 0.8 } : {}
    return timeRow({ work: step, ours, ...(limit === undefined ? {} : { limit }), ...goal })
  })
  const peakMiB = Math.max(...rehearsals.map((one) => one.peakMiB))
  const total = rehearsals.map((one) => one.total)
  return [...rows, timeRow({ work: 'whole ceremony, process start to end', ours: total, memoryMiB: peakMiB })]
}

async function rehearse(out: string): Promise<Rehearsal> {
  const { stdout, ms, peakMiB } = await run(join(root, 'custody'), ['--json', 'rehearse', '--out', out])
  // The document of `custody --json rehearse`, which exits 0 only with all of it.
  const { milliseconds } = JSON.parse(stdout) as { milliseconds: Record<string, number> }
  const sealing = writeAndHash(join(out, 'bundle.zip'), join(out, 'again'))
  rmSync(out, { recursive: true, force: true })
  return { milliseconds, total: ms, peakMiB, sealing }
}

async function raw(folder: string): Promise<Raw> {
  mkdirSync(folder)
  const { library, environment } = softTokenEnvironment(folder)
  const script = (name: string): string => join(import.meta.dirname, name)
  const token = await run(process.execPath, [script('raw-token.mjs'), library], environment)
  const key = await run(process.execPath, [script('raw-fhe-key.mjs')])
  // The two scripts print these and nothing else.
  return { ...JSON.parse(token.stdout), 'deal-shares': Number(key.stdout) } as Raw
}

/** What no way of sealing can do without: write the bytes to disk, read them back, and hash them each time. */
function writeAndHash(from: string, to: string): number {
  const bytes = readFileSync(from)
  const began = performance.now()
  createHash('sha256').update(bytes).digest()
  const file = openSync(to, 'w')
  writeSync(file, bytes)
  fsyncSync(file)
  closeSync(file)
  createHash('sha256').update(readFileSync(to)).digest()
  return performance.now() - began
}
