import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../scripts/root.ts'
import { compiledOnce } from '../../scripts/test/compiled-once.ts'
import { heard } from './processes.ts'

const readyWithin = 60_000
const ready = /^ready: (http\S+)$/m

export type Reply = { status: number; reply: Record<string, unknown> }

/** `custody-server start` of this checkout on a free port, and calls of its API as a program in the project makes them. */
export class RunningServer {
  readonly #child: ChildProcess
  readonly #address: string

  private constructor(child: ChildProcess, address: string) {
    this.#child = child
    this.#address = address
  }

  /** Resolves once the server of the state folder says that it is ready. */
  static async of(state: string): Promise<RunningServer> {
    const child = spawn(
      join(root, 'custody-server'),
      ['--state', state, 'start', '--port', '0', '--behind-tls-proxy'],
      { env: { ...process.env, ...compiledOnce }, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    const said = await heard(child, ready, readyWithin)
    return new RunningServer(child, ready.exec(said)?.[1] ?? '')
  }

  readonly post = async (path: string, body: object, token?: string): Promise<Reply> => {
    const response = await fetch(`${this.#address}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    })
    return { status: response.status, reply: Object(await response.json()) }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await gone
  }
}
