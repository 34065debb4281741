import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Command, Ended } from './command-child.ts'

/** The server's command line, from its sources. */
export const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const checkout = fileURLToPath(new URL('../../../../', import.meta.url))

export type { Ended }

let child: ChildProcess | null = null
let turn: Promise<unknown> = Promise.resolve()

/**
 * `custody-server` on a state folder, to its end. One process of the test file has all such commands, one after the other: to start
 * each takes a second. What a process of its own does is asked of `custodyServerProcess`.
 */
export function custodyServer(state: string, ...args: string[]): Promise<Ended> {
  const running =
    child ?? fork(fileURLToPath(new URL('./command-child.ts', import.meta.url)), { execArgv: [] })
  if (child === null) {
    running.unref()
    running.channel?.unref()
    child = running
  }
  const next = turn.then(
    () =>
      new Promise<Ended>((done, fail) => {
        running.channel?.ref()
        running.once('exit', fail)
        running.once('message', (said: Ended) => {
          running.off('exit', fail)
          running.channel?.unref()
          done(said)
        })
        running.send({ module: cli, args: ['--state', state, ...args], env: process.env } satisfies Command)
      }),
  )
  turn = next.catch(() => undefined)
  return next
}

/** The same as a process. */
export function custodyServerProcess(state: string, ...args: string[]): Promise<Ended> {
  return ended(process.execPath, [cli, '--state', state, ...args])
}

/** `custody` as it is built: its exit code. 4: the run waits for the server's receipt. */
export async function custody(...args: string[]): Promise<number> {
  const { status, stdout, stderr } = await ended(join(checkout, 'custody'), args)
  if (status !== 0 && status !== 4) console.error(stdout, stderr)
  return status
}

function ended(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    execFile(program, args, (error, stdout, stderr) => {
      done({ status: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

/** `custody-server start` on a free port, as one behind a proxy, once it is ready; the test's end kills it. `log`: what it said so far. */
export async function startServer(
  state: string,
): Promise<{ server: ChildProcess; address: string; log: () => string }> {
  const args = ['--state', state, 'start', '--port', '0', '--behind-tls-proxy']
  const server = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void server.kill('SIGKILL'))
  let log = ''
  server.stderr.on('data', (chunk) => (log += chunk))
  const ready = await new Promise<string>((done, fail) => {
    server.stdout.once('data', (chunk) => done(String(chunk)))
    server.once('exit', () => fail(new Error(log)))
  })
  return { server, address: /^ready: (http\S+)/.exec(ready)?.[1] ?? '', log: () => log }
}
