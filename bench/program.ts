import { spawn } from 'node:child_process'
import { watchMemory } from './memory.ts'

export type Ran = { stdout: string; ms: number; peakMiB: number }

/** Runs a program to its end and watches its memory. Rejects unless it exits with 0. */
export function run(
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ran> {
  const began = performance.now()
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const peak = child.pid === undefined ? () => 0 : watchMemory(child.pid)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-2000)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      const peakMiB = peak()
      if (code === 0) resolve({ stdout, ms: performance.now() - began, peakMiB })
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}\n${stderr}`))
    })
  })
}
