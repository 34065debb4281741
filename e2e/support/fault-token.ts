import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { giveFolder, privateFolder } from '../../scripts/electron/launch.ts'
import { root } from '../../scripts/root.ts'
import { giveAll } from './give-all.ts'

/** A soft token whose answers can be changed while a window uses it (packages/hsm/test/fault-module/README.md). */
export class FaultToken {
  readonly #folder = privateFolder('lux-fault-')
  /** What an app is given to find the token. */
  readonly environment: Record<string, string>

  constructor() {
    const args = [join(root, 'packages/hsm/test/fault-token-place.ts'), this.#folder]
    const said = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.environment = JSON.parse(said) as Record<string, string>
    giveAll(this.#folder)
  }

  /** Flags that the token says of itself from now on, none for those that it has. */
  flags(...names: string[]): void {
    const rule = names.length === 0 ? '' : `C_GetTokenInfo@*=flags:${names.join('|')}`
    writeFileSync(`${this.environment.LUX_PKCS11}.plan`, rule, { mode: 0o644 })
  }

  /** How often a function of the library was called. */
  calls(name: string): number {
    const log = `${this.environment.LUX_PKCS11}.log`
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []
    return lines.filter((line) => line.startsWith(`${name} `)).length
  }

  /** Every token's files go away, as when it is pulled out. */
  pullOut(): void {
    this.#move('soft/tokens', 'away')
  }

  putBack(): void {
    this.#move('away', 'soft/tokens')
  }

  remove(): void {
    // The token host still logs its last calls while it ends.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }

  #move(from: string, to: string): void {
    giveFolder(join(this.#folder, to))
    for (const name of readdirSync(join(this.#folder, from)))
      renameSync(join(this.#folder, from, name), join(this.#folder, to, name))
  }
}
