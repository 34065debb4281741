import { FormatError } from '@lux/crypto'
import { HsmError } from '@lux/hsm'
import { ExpectedError, exitOf, fromSystemError } from '@lux/node-files'
import { refusalHelp } from './refusal-help.ts'
import { escapeForTerminal, escapeLinesForTerminal } from './safe-text.ts'
import { surroundings } from './surroundings.ts'
import { WrongUse } from './wrong-use.ts'

/** 0 done or accepted · 1 refused · 2 wrong use · 3 the environment failed · 4 waiting for a person. */
export type ExitCode = 0 | 1 | 2 | 3 | 4

/**
 * One result of a command: text lines for people, the same as one JSON document for programs. `answered`: the text is
 * what was asked for, whatever the exit code says of it.
 */
export type Outcome = { exit: ExitCode; json: object; text: string; answered?: true }

/** A failure as a command's outcome. A bug is the environment's: nothing was refused. */
export function failureOutcome(error: unknown): Outcome {
  const failure = expected(error) ?? bug(error)
  const { code, detail } = failure
  // A token's own words stand in what the driver says; what core says may have lines.
  const said = failure instanceof HsmError ? escapeForTerminal(detail) : detail
  const standing = refusalHelp(code)
  const why = standing?.why ?? null
  const remedy = failure.remedy ?? standing?.remedy
  const ckr = failure instanceof HsmError && failure.ckr !== null ? ` (${failure.ckr.name})` : ''
  const lines = [
    `${code}${ckr}: ${said}`,
    ...(why === null ? [] : [`Why: ${why}`]),
    ...(remedy === undefined ? [] : [`What to do: ${remedy}`]),
  ]
  const json = {
    ok: false,
    code,
    detail,
    ...(why === null ? {} : { why }),
    ...(remedy === undefined ? {} : { remedy }),
  }
  return { exit: failure instanceof WrongUse ? 2 : exitOf(code, 1), json, text: lines.join('\n') }
}

function expected(error: unknown): HsmError | ExpectedError | null {
  if (error instanceof HsmError || error instanceof ExpectedError) return error
  if (error instanceof FormatError) return new ExpectedError(error.rule, error.detail)
  return fromSystemError(error)
}

/** Kind and place of a bug go to stderr, never its message, which may quote what it choked on. */
function bug(error: unknown): ExpectedError {
  const [name, stack] = error instanceof Error ? [error.name, error.stack ?? ''] : [typeof error, '']
  const places = stack.split('\n').filter((line) => line.startsWith('    at '))
  say(`${name}\n${places.slice(0, 12).join('\n')}`)
  return new ExpectedError('INTERNAL', 'a fault of the program')
}

/**
 * The result goes to stdout and nothing else does; a failure's text goes to stderr, its JSON to stdout. Nothing in either can steer the
 * terminal: in JSON the same characters are escaped, so that a program reads what it would have read.
 */
export function print(outcome: Outcome, asJson: boolean): void {
  const { out, err } = surroundings()
  const onStdout = outcome.exit === 0 || outcome.exit === 4 || outcome.answered === true
  if (asJson) out(`${escapeForTerminal(JSON.stringify(outcome.json))}\n`)
  else if (onStdout) out(`${escapeLinesForTerminal(outcome.text)}\n`)
  else err(`${escapeLinesForTerminal(outcome.text)}\n`)
}

/** Progress and remarks: stderr. */
export function say(line: string): void {
  surroundings().err(`${escapeLinesForTerminal(line)}\n`)
}
