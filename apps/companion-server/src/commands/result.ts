import { HsmError } from '@lux/hsm'
import { EnvironmentError, type Outcome } from '../refusal.ts'

/** Exit statuses of the commands: done, refused, wrong use, the environment failed. */
export const exit = { done: 0, refused: 1, usage: 2, environment: 3 } as const

type Output = { readonly json: boolean }
type Failure = { code: string; detail: string; remedy?: string }

/** An argument that names no file, or the wrong thing. */
const argumentCodes = new Set(['FILE-MISSING', 'FILE-WRONG-KIND'])

/** One result on stdout: a JSON document, or the lines that `show` makes of it. A refusal's lines go to stderr. */
export function report<T>(output: Output, outcome: Outcome<T>, show: (value: T) => readonly string[]): void {
  if (outcome.ok) {
    process.stdout.write(
      output.json ? `${JSON.stringify(outcome.value)}\n` : `${show(outcome.value).join('\n')}\n`,
    )
    return
  }
  fail(output, exit.refused, 'refused', { code: outcome.rule, detail: outcome.detail })
}

/** The command was called wrongly: nothing was done. */
export function wrongUse(output: Output, detail: string): void {
  fail(output, exit.usage, 'error', { code: 'USAGE', detail })
}

/** Runs a command; what the environment did wrong is exit 3, and so is a bug, of which place and kind alone are shown. */
export async function running(output: Output, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const failure = explain(error)
    const code = argumentCodes.has(failure.code) ? exit.usage : exit.environment
    fail(output, code, 'failed', failure)
  }
}

/** A failure is one JSON document on stdout, or a line for people on stderr. */
function fail(output: Output, status: number, word: string, { code, detail, remedy }: Failure): void {
  process.exitCode = status
  if (output.json) {
    const document = { ok: false, code, detail, ...(remedy === undefined ? {} : { remedy }) }
    process.stdout.write(`${JSON.stringify(document)}\n`)
  } else {
    process.stderr.write(`${word}: ${code}: ${detail}${remedy === undefined ? '' : `. ${remedy}`}\n`)
  }
}

const readOnly = {
  code: 'FOLDER-READ-ONLY',
  remedy: 'Choose another place, or ask for the right to write there',
}
const diskFailures: Readonly<Record<string, Omit<Failure, 'detail'>>> = {
  EACCES: readOnly,
  EPERM: readOnly,
  EROFS: readOnly,
  ENOSPC: { code: 'DISK-FULL', remedy: 'Make room on the disk, then give the command again' },
  EDQUOT: { code: 'DISK-FULL', remedy: 'Make room on the disk, then give the command again' },
}

function placeOf(error: unknown): string {
  const path = error instanceof Error && 'path' in error ? String(error.path) : 'the state folder'
  return `${path} could not be written`
}

function explain(error: unknown): Failure {
  if (error instanceof HsmError) return { code: error.code, detail: error.detail, remedy: error.remedy }
  if (error instanceof EnvironmentError) return { code: error.code, detail: error.message }
  const disk = error instanceof Error && 'code' in error ? diskFailures[String(error.code)] : undefined
  if (disk !== undefined) return { ...disk, detail: placeOf(error) }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return { code: error.code, detail: error.message }
  // A bug's message may quote what it choked on.
  const [name, stack] = error instanceof Error ? [error.name, error.stack ?? ''] : [typeof error, '']
  const places = stack.split('\n').filter((line) => line.startsWith('    at '))
  process.stderr.write(`${name}\n${places.slice(0, 12).join('\n')}\n`)
  return { code: 'INTERNAL', detail: 'a fault of the program' }
}
