import { spawn } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { asUser } from './as-user.ts'
import { privateFolder } from './launch.ts'
import { pngOfFramebuffer } from './screenshot.ts'
import { readSetUp } from './set-up.ts'

/** A running X server without a screen: `name` is what DISPLAY has to say. */
export type Display = {
  name: string
  /** What the screen shows now, as PNG. */
  screenshot(): Buffer
  stop(): Promise<void>
}

/** X servers of every user put their sockets here: root makes it as the system does, and repairs a mode cut by a umask. */
function makeSocketFolder(): void {
  const folder = '/tmp/.X11-unix'
  mkdirSync(folder, { recursive: true })
  const { uid, mode } = lstatSync(folder)
  if (uid === 0 && (mode & 0o7777) !== 0o1777) chmodSync(folder, 0o1777)
}

/** Starts Xvfb on a number that it finds free itself, as the user whose windows it shows. */
export function startDisplay(): Promise<Display> {
  const { user } = readSetUp()
  const folder = privateFolder('lux-display-')
  if (user.change) makeSocketFolder()
  const [command, args] = asUser(user, 'Xvfb', [
    '-displayfd',
    '3',
    '-screen',
    '0',
    '1440x900x24',
    '-nolisten',
    'tcp',
    '-noreset',
    '-fbdir',
    folder,
  ])
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let complaints = ''
  child.stderr?.on('data', (chunk) => {
    complaints = (complaints + chunk).slice(-2000)
  })
  // File descriptor 3 is a pipe by the stdio list above, and pipes of a child are readable here.
  const numbers = child.stdio[3] as Readable
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL')
      reject(new Error(`Xvfb ${why}\n${complaints}`))
    }
    const late = setTimeout(() => fail('gave no display within 20 s'), 20_000)
    child.once('error', (error) => fail(error.message))
    child.once('close', (code) => fail(`ended with ${code}`))
    numbers.once('data', (chunk) => {
      clearTimeout(late)
      resolve({
        name: `:${String(chunk).trim()}`,
        screenshot: () => pngOfFramebuffer(readFileSync(join(folder, 'Xvfb_screen0'))),
        async stop() {
          child.kill('SIGTERM')
          await exited
          rmSync(folder, { recursive: true, force: true })
        },
      })
    })
  })
}
