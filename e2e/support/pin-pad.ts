import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { root } from '../../scripts/root.ts'
import { giveAll } from './give-all.ts'

/** A token with a PIN pad of its own, and what the person at it does. */
export class PinPad {
  readonly #folder = privateFolder('lux-pad-')
  /** What an app is given to find the token. */
  readonly environment: Record<string, string>

  constructor() {
    const args = [join(root, 'packages/hsm/test/pin-pad-place.ts'), this.#folder]
    const said = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.environment = JSON.parse(said) as Record<string, string>
    giveAll(this.#folder)
  }

  person(act: 'types' | 'types wrongly' | 'nobody'): void {
    writeFileSync(join(this.#folder, 'pad-act'), { types: 'o', 'types wrongly': 'w', nobody: 'n' }[act])
  }

  /** How often the token has asked since the last time this was called. */
  entries(): number {
    const path = join(this.#folder, 'pad-entries')
    const count = existsSync(path) ? readFileSync(path).length : 0
    rmSync(path, { force: true })
    return count
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
