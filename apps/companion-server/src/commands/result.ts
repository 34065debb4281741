import { FormatError } from '@lux/crypto'
import { ExpectedError, exitOf } from '@lux/node-files'
import { type Failure, failureOf } from '../platform/failure.ts'
import type { Outcome } from '../refusal.ts'
import { refusalTexts } from '../refusal-texts.ts'

/** Exit statuses of the commands: done, refused, wrong use, the environment failed. */
export const exit = { done: 0, refused: 1, usage: 2, environment: 3 } as const

type Output = { readonly json: boolean }

/** One result on stdout: a JSON document, or the lines that `show` makes of it. A refusal's lines go to stderr. */
export function report<T>(output: Output, outcome: Outcome<T>, show: (value: T) => readonly string[]): void {
  if (outcome.ok) {
    process.stdout.write(
      output.json ? `${JSON.stringify(outcome.value)}\n` : `${show(outcome.value).join('\n')}\n`,
    )
    return
  }
  fail(output, exit.refused, { code: outcome.rule, detail: outcome.detail })
}

/** The command was called wrongly: nothing was done. */
export function wrongUse(output: Output, detail: string): void {
  fail(output, exit.usage, { code: 'USAGE', detail })
}

/** Runs a command; what the environment did wrong is exit 3, and so is a bug, of which place and kind alone are shown. */
export async function running(output: Output, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const failure = failureOf(error) ?? bug(error)
    fail(output, exitOf(failure.code, ruled(error) ? exit.refused : exit.environment), failure)
  }
}

/**
 * Asked for before the server is started, so that whoever stops it as soon as it says that it is ready, or while it starts, has
 * it stopped in order. Waiting: until SIGINT, SIGTERM or SIGHUP.
 */
export function stopSignal(): Promise<void> {
  return new Promise((done) => {
    // Not once: `timeout` and npm send the same signal again, and the second would end the process before PostgreSQL is stopped.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => done())
  })
}

/** A code as lines for people, as `custody` has them too: what happened, why, and what to do. */
export function linesOf({ code, detail }: Failure): string[] {
  const text = refusalTexts.of(code)
  const why = text?.why ?? null
  return [
    `${code}: ${detail}`,
    ...(why === null ? [] : [`Why: ${why}`]),
    ...(text === null ? [] : [`What to do: ${text.remedy}`]),
  ]
}

export function say(lines: readonly string[]): void {
  if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`)
}

/** A failure is one JSON document on stdout, or lines for people on stderr. */
function fail(output: Output, status: number, failure: Failure): void {
  process.exitCode = status
  if (!output.json) {
    say(linesOf(failure))
    return
  }
  const { code, detail } = failure
  const text = refusalTexts.of(code)
  const why = text?.why ?? undefined
  process.stdout.write(`${JSON.stringify({ ok: false, code, detail, why, remedy: text?.remedy })}\n`)
}

/** What files and documents are refused with: the same exit as of `custody`. */
const ruled = (error: unknown): boolean => error instanceof ExpectedError || error instanceof FormatError

function bug(error: unknown): Failure {
  const [name, stack] = error instanceof Error ? [error.name, error.stack ?? ''] : [typeof error, '']
  const places = stack.split('\n').filter((line) => line.startsWith('    at '))
  process.stderr.write(`${name}\n${places.slice(0, 12).join('\n')}\n`)
  return { code: 'INTERNAL', detail: 'a fault of the program' }
}
