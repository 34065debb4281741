import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The server's command line, from its sources. */
export const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const checkout = fileURLToPath(new URL('../../../../', import.meta.url))

export type Ended = { status: number; stdout: string; stderr: string }

/** `custody-server` on a state folder, as a process, to its end. */
export function custodyServer(state: string, ...args: string[]): Promise<Ended> {
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
