import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../scripts/root.ts'
import { compiledOnce } from '../../scripts/test/compiled-once.ts'

const readyWithin = 60_000

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
    return new RunningServer(child, await addressOf(child))
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

function addressOf(child: ChildProcess): Promise<string> {
  let said = ''
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`not ready within ${readyWithin / 1000} s\n${said}`))
    }, readyWithin)
    const hear = (chunk: unknown): void => {
      said += chunk
      const found = /^ready: (http\S+)$/m.exec(said)?.[1]
      if (found === undefined) return
      clearTimeout(late)
      resolve(found)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => {
      clearTimeout(late)
      reject(new Error(`ended with ${code}\n${said}`))
    })
  })
}
