import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { appFolder, electronEnvironment, privateFolder, userCommand } from '../../scripts/electron/launch.ts'
import { root } from '../../scripts/root.ts'
import { type Ended, runAt } from './commands.ts'
import { giveAll } from './give-all.ts'

/** A folder with a locked plan, its policy and cards, and people who sign with `custody` on devices of their own. */
export class ProductionRoom {
  readonly #folder = privateFolder('lux-room-')

  /** For a tool of this build. */
  constructor(build: string) {
    const script = join(root, 'apps/desktop/test/cli/support/production-room.ts')
    execFileSync(process.execPath, [script, this.#folder, build], { stdio: 'inherit' })
    giveAll(this.#folder)
  }

  file(name: string): string {
    return join(this.#folder, name)
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** The person's own device signs a request that the workstation wrote: the answer's path. */
  async sign(request: string, name: string): Promise<string> {
    const answer = this.file(`${basename(request, '.json')}-${name}.sig`)
    const act = request.endsWith('-checkpoint.json') ? ['witness', 'cosign'] : ['officer', 'approve']
    const secrets = ['--key', this.file(`${name}.key`), '--passphrase-file', this.file('passphrase')]
    const { code, stderr } = await this.custody(...act, request, '--yes', ...secrets, '--out', answer)
    if (code !== 0) throw new Error(stderr)
    return answer
  }

  /** The commands that the build ships, as the window's user. */
  custody(...args: string[]): Promise<Ended> {
    const { LUX_NODE: node = '' } = electronEnvironment(this.file('home'), {})
    const [program, all] = userCommand(node, [join(appFolder(), 'out/core/cli.js'), ...args])
    return runAt(program, all, this.#folder)
  }
}
