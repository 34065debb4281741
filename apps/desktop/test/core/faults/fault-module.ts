import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const build = fileURLToPath(
  new URL('../../../../../packages/hsm/test/fault-module/build.ts', import.meta.url),
)

/** A copy of the driver's own fault module (packages/hsm/test/fault-module/README.md) in `folder`. */
export class FaultModule {
  readonly path: string

  constructor(folder: string) {
    this.path = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', build, folder], {
      encoding: 'utf8',
    })
  }

  plan(...rules: readonly string[]): void {
    writeFileSync(`${this.path}.plan`, rules.join('\n'))
  }

  /** Puts a mark between the calls of the log. */
  mark(text: string): void {
    writeFileSync(`${this.path}.log`, `# ${text}\n`, { flag: 'a' })
  }

  log(): string[] {
    return existsSync(`${this.path}.log`) ? readFileSync(`${this.path}.log`, 'utf8').trimEnd().split('\n') : []
  }

  /** Whether a fault struck; a plan may name a call that this run never comes to. */
  get struck(): boolean {
    return this.log().some((line) => line.startsWith('! '))
  }
}
