import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HsmRestart, StartHsmOptions } from '../../src/index.ts'
import { faultModule } from '../fault-module/build.ts'
import { type Bench, startBench } from '../soft-token-bench.ts'

export type FaultBench = Bench & {
  /** Rules of fault-module/README.md; an empty plan is a sound token. */
  plan(...rules: readonly string[]): void
  /** How often the library's function was called so far, so that a rule can name the next call. */
  count(name: string): number
  /** Every call of the library so far, by its name. */
  calls(): string[]
  /** The rule for the next call of the function. */
  next(name: string, fault: string): void
  restarts: HsmRestart[]
}

/** A soft token behind the fault module, each with files of its own. */
export async function startFaultBench(options: Partial<StartHsmOptions> = {}): Promise<FaultBench> {
  const folder = mkdtempSync(join(tmpdir(), 'lux-hsm-fault-'))
  const library = faultModule(folder)
  const plan = (...rules: readonly string[]) => writeFileSync(`${library}.plan`, rules.join('\n'))
  const bench = await startBench({ library, ...options })
  const restarts: HsmRestart[] = []
  bench.hsm.onRestart((restart) => restarts.push(restart))
  const calls = () =>
    readFileSync(`${library}.log`, 'utf8')
      .split('\n')
      .map((line) => line.replace(/^! /, '').split(' ')[0] ?? '')
  const count = (name: string) => calls().filter((one) => one === name).length
  return {
    ...bench,
    library,
    plan,
    count,
    calls,
    next: (name, fault) => plan(`${name}@${count(name) + 1}=${fault}`),
    restarts,
    close: async () => {
      plan()
      await bench.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
