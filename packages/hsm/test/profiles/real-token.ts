import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real token library with everything that it needs running, private to one test file. */
export type RealToken = {
  readonly library: string
  readonly environment: Readonly<Record<string, string>>
  /** Runs Node where the library finds its daemon; absent when that is anywhere. */
  readonly execPath?: string
  /** Words before a command line that put it where the library finds its daemon. */
  readonly inside: readonly string[]
  readonly folder: string
  stop(): void
}

/** Fails with the exact command: a suite that cannot start its token has not passed. */
export function requireFiles(files: readonly string[], packages: string): void {
  const missing = files.filter((file) => !existsSync(file))
  if (missing.length > 0) {
    throw new Error(
      `${missing.join(', ')} is missing. Run this, then try again:\n  sudo apt-get install --no-install-recommends ${packages}`,
    )
  }
}

type Daemon = {
  readonly pid: number
  readonly output: string
  readonly ended: boolean
  stop(signal?: 'SIGKILL' | 'SIGTERM'): void
}

/** A daemon that dies with this process, whatever becomes of it. */
export const startDaemon = (
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Daemon => startWatched('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], env)

/** A process that looks itself after this one's life. Its output is kept for the message of a failed start. */
export function startWatched(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Daemon {
  const child = spawn(command, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-8192)
    })
  let ended = false
  child.on('exit', () => {
    ended = true
  })
  return {
    pid: child.pid ?? 0,
    get output() {
      return said
    },
    get ended() {
      return ended
    },
    stop: (signal = 'SIGKILL') => child.kill(signal),
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 30))

/** Waits until `ready` holds; a daemon that ended or needs longer than two minutes (it may wait for its turn) fails with what it said. */
export async function untilReady(
  daemon: { readonly ended: boolean; readonly output: string },
  ready: () => boolean,
): Promise<void> {
  const limit = Date.now() + 125_000
  while (!ready()) {
    if (daemon.ended || Date.now() > limit) throw new Error(`the daemon did not start: ${daemon.output}`)
    await pause()
  }
}

export function privateFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `lux-${name}-`))
  chmodSync(folder, 0o700)
  return folder
}

/** Runs a tool to its end; what it wrote is in the error. */
export function runTool(command: string, args: readonly string[], env: Record<string, string>): string {
  const done = spawnSync(command, args, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', ...env } })
  if (done.status !== 0) throw new Error(`${command} ${args[0] ?? ''}: ${done.stderr || done.error?.message}`)
  return done.stdout
}

export function writeScript(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\nset -e\n${text}`, { mode: 0o700 })
  return path
}

export const makeFolder = (path: string): string => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}

export const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true })
