import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../scripts/root.ts'
import { compiledOnce } from '../../scripts/test/compiled-once.ts'

/** What a command left behind: its one result on stdout, everything else on stderr. */
export type Ended = { code: number | null; stdout: string; stderr: string }

/** Nothing takes so long but what hangs; the test has its own limit. */
const limitMs = 110_000

/** Runs `custody` of this checkout, as a person at a terminal would. */
export function custody(...args: string[]): Promise<Ended> {
  return runAt(join(root, 'custody'), args)
}

/** Runs `custody-server` of this checkout on the state folder `state`. */
export function custodyServer(state: string, ...args: string[]): Promise<Ended> {
  return runAt(join(root, 'custody-server'), ['--state', state, ...args])
}

/** The same with `--json`, which must exit with `code`: its document. Throws what it said otherwise. */
export function jsonOf(ended: Ended, code = 0): Record<string, unknown> {
  if (ended.code !== code) throw new Error(`exit ${ended.code}, not ${code}: ${ended.stdout}${ended.stderr}`)
  return JSON.parse(ended.stdout)
}

/** Runs a program by its path, in `folder` or where the tests run. */
export function runAt(program: string, args: readonly string[], folder?: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, ...compiledOnce },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}
