import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../root.ts'

export type Ran = { code: number; stdout: string; stderr: string; ms: number; peakMiB: number }

export function note(line: string): void {
  process.stdout.write(`${line}\n`)
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** Runs a program to its end and says so; rejects unless it exits with `expected`. */
export function ran(program: string, args: readonly string[], expected = 0): Promise<Ran> {
  const began = performance.now()
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  let peakMiB = 0
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const watch = setInterval(() => {
    peakMiB = Math.max(peakMiB, highWater(child.pid))
  }, 100)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearInterval(watch)
      const result = { code: code ?? -1, stdout, stderr, ms: performance.now() - began, peakMiB }
      if (code === expected) resolve(result)
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`))
    })
  })
}

/** `custody --json …`: its one document. */
export async function custody(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, ms } = await ran(join(root, 'custody'), ['--json', ...args])
  if (ms > 5000) note(`custody ${args.slice(0, 2).join(' ')}: ${seconds(ms)}`)
  // The document of a command that exited with 0.
  return JSON.parse(stdout) as Record<string, unknown>
}

/** examples/fhe-evaluator/encrypt.ts. */
export function example(...args: string[]): Promise<Ran> {
  return ran(process.execPath, [join(root, 'examples/fhe-evaluator/encrypt.ts'), ...args])
}

/** Linux: the most memory that a process has held so far; 0 elsewhere or when it has ended. */
function highWater(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
