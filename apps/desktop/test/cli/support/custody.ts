import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** As it is built: `scripts/test/built.ts` keeps it up to date. */
export const main = fileURLToPath(new URL('../../../out/core/cli.js', import.meta.url))

export type Ran = { exit: number | null; stdout: string; stderr: string }

/** The command as a person's shell starts it. */
export const custodyCommand = [process.execPath, '--disable-warning=ExperimentalWarning', main]

let calls = 0
let maskOutside = 0

/** The command with nobody at a terminal, called in this process: for what it answers and the files that it leaves. */
export async function custody(args: readonly string[]): Promise<Ran> {
  const { custody: run } = await import('../../../src/cli/custody.ts')
  let stdout = ''
  let stderr = ''
  // As the command sets it for its own process.
  if (calls++ === 0) maskOutside = process.umask(0o077)
  try {
    const exit = await run(args, {
      out: (text) => (stdout += text),
      err: (text) => (stderr += text),
      terminal: () => null,
    })
    return { exit, stdout, stderr }
  } finally {
    if (--calls === 0) process.umask(maskOutside)
  }
}

/**
 * The command as a process, in a session of its own so that it has no terminal: where the process itself is what a test is about.
 * `third` is written to descriptor 3, `more` is set beside the environment.
 */
export function custodyProcess(
  args: readonly string[],
  third?: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const [node = '', ...first] = custodyCommand
  const child = spawn(node, [...first, ...args], {
    detached: true,
    env: { ...process.env, ...more },
    stdio: ['ignore', 'pipe', 'pipe', third === undefined ? 'ignore' : 'pipe'],
  })
  if (third !== undefined) {
    const pipe = child.stdio[3]
    // Descriptor 3 was asked for as a pipe that the child reads.
    if (pipe && 'end' in pipe) pipe.end(third)
  }
  return collected(child)
}

/** An option once for each of its values. */
export const each = (option: string, ...values: readonly string[]): string[] =>
  values.flatMap((value) => [option, value])

/** `custody` with --json: the exit code and the one document. */
export async function custodyJson(args: readonly string[]): Promise<Answered> {
  return answered(await custody(['--json', ...args]))
}

/** `custodyProcess` with --json. */
export async function custodyProcessJson(args: readonly string[]): Promise<Answered> {
  return answered(await custodyProcess(['--json', ...args]))
}

function answered({ exit, stdout, stderr }: Ran): Answered {
  return { exit, stderr, json: JSON.parse(stdout) as Answer }
}

export type Answered = { exit: number | null; json: Answer; stderr: string }

/** The members that the tests look at. */
export type Answer = { ok: boolean; code?: string; detail?: string } & Record<string, unknown>

function collected(child: ChildProcess): Promise<Ran> {
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (exit) => resolve({ exit, stdout, stderr }))
  })
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'custody-cli-'))
}

export function secretFile(path: string, text: string, mode = 0o600): string {
  writeFileSync(path, `${text}\n`)
  chmodSync(path, mode)
  return path
}

/** The same at a terminal: types `answer`, as keys, once `prompt` is shown, then each of `more`. Both outputs come as one. */
export function custodyAtTerminal(
  args: readonly string[],
  prompt: string,
  answer: string,
  ...more: readonly (readonly [prompt: string, answer: string])[]
): Promise<Ran> {
  const command = [...custodyCommand, ...args].map((part) => `'${part}'`).join(' ')
  const child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] })
  const steps = [[prompt, answer] as const, ...more]
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    const [next] = steps
    const at = next === undefined ? -1 : shown.indexOf(next[0])
    if (next === undefined || at < 0) return
    shown = shown.slice(at + next[0].length)
    steps.shift()
    child.stdin.write(next[1])
  })
  return collected(child)
}
