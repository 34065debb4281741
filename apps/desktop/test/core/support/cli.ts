import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { main } from '../../cli/support/custody.ts'

/** Where to die: at an entry of the log (by kind, or by number) or at the record of an attempt, before or after it is on disk. */
export type KillPoint = { who: 'program' | 'host'; when: 'before' | 'after' } & (
  | { entry: string | number; step?: string }
  | { attempt: string }
)

export type Ended = {
  code: number | null
  signal: string | null
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the command printed
  json: any
  stderr: string
}

const killed = fileURLToPath(new URL('./killed-cli.ts', import.meta.url))

/** `unprivileged`: root without its right to look everywhere; others never had it. */
type Options = { unprivileged?: boolean; fileBlocks?: number }

/** The command line as a process of its own. */
export function custody(args: readonly string[], options: Options = {}): Promise<Ended> {
  return start([main, '--json', ...args], options)
}

export function custodyKilled(point: KillPoint, args: readonly string[]): Promise<Ended> {
  return start([killed, JSON.stringify(point), '--json', ...args], {})
}

/** Another program of the tests, with what it prints as JSON. */
export function program(file: string, args: readonly string[], options: Options = {}): Promise<Ended> {
  return start([file, ...args], options)
}

function start(args: readonly string[], { unprivileged, fileBlocks }: Options): Promise<Ended> {
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', ...args]
  // No file may grow over this many 512-byte blocks: a disk that is full, for any user.
  if (fileBlocks !== undefined) command.unshift('/bin/sh', '-c', `ulimit -f ${fileBlocks}; exec "$0" "$@"`)
  if (unprivileged && process.getuid?.() === 0)
    command.unshift('setpriv', '--bounding-set', '-dac_override,-dac_read_search')
  const [program = '', ...words] = command
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ code, signal, json: stdout === '' ? null : JSON.parse(stdout), stderr }),
    )
  })
}
