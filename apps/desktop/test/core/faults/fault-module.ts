import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const build = fileURLToPath(
  new URL('../../../../../packages/hsm/test/fault-module/build.ts', import.meta.url),
)

/** Builds the driver's own fault module (packages/hsm/test/fault-module/README.md) in `folder`; gives its path. */
export function buildFaultModule(folder: string): string {
  const node = ['--disable-warning=ExperimentalWarning', build, folder]
  return execFileSync(process.execPath, node, { encoding: 'utf8' })
}

/** A copy of it in a folder of its own, with a plan, a log and counts of its own. */
export class FaultModule {
  readonly path: string

  constructor(built: string, folder: string) {
    mkdirSync(folder, { recursive: true })
    this.path = join(folder, 'fault-module.so')
    copyFileSync(built, this.path)
  }

  plan(...rules: readonly string[]): void {
    writeFileSync(`${this.path}.plan`, rules.join('\n'))
  }

  /** Puts a mark between the calls of the log. */
  mark(text: string): void {
    writeFileSync(`${this.path}.log`, `# ${text}\n`, { flag: 'a' })
  }

  log(): string[] {
    return existsSync(`${this.path}.log`)
      ? readFileSync(`${this.path}.log`, 'utf8').trimEnd().split('\n')
      : []
  }

  /** Whether a fault struck; a plan may name a call that this run never comes to. */
  get struck(): boolean {
    return this.log().some((line) => line.startsWith('! '))
  }
}
