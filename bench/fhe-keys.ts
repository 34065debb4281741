import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { targetFolder } from '../scripts/interop/evaluator.ts'
import { root } from '../scripts/root.ts'
import { run } from './program.ts'
import type { Row } from './row.ts'

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
 * cores, where examples/fhe-evaluator has been built. Minutes, for the key with squashing takes them; once each.
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
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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
