import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { asUser } from './as-user.ts'
import { readSetUp } from './set-up.ts'

/** A running X server without a screen: `name` is what DISPLAY has to say. */
export type Display = { name: string; stop(): Promise<void> }

/** Starts Xvfb on a number that it finds free itself, as the user whose windows it shows. */
export function startDisplay(size = '1440x900'): Promise<Display> {
  const { user } = readSetUp()
  // The X socket folder belongs to root; only where it is missing may anyone make it.
  if (user.change) mkdirSync('/tmp/.X11-unix', { recursive: true, mode: 0o1777 })
  const [command, args] = asUser(user, 'Xvfb', [
    '-displayfd',
    '3',
    '-screen',
    '0',
    `${size}x24`,
    '-nolisten',
    'tcp',
    '-noreset',
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
        async stop() {
          child.kill('SIGTERM')
          await exited
        },
      })
    })
  })
}
