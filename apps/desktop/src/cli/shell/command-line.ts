import { isPassable } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import type { Command } from 'commander'
import { failureOutcome, type Outcome } from './output.ts'
import { WrongUse } from './wrong-use.ts'

/** What a group of commands needs to register itself. `act` runs a command's work, whose outcome is the command's one result. */
export type CommandLine = {
  readonly program: Command
  act(work: () => Promise<Outcome> | Outcome): Promise<void>
}

/** `end` takes the outcome of the command that was given. */
export function commandLine(program: Command, end: (outcome: Outcome) => void): CommandLine {
  return {
    program,
    async act(work) {
      try {
        end(await work())
      } catch (error) {
        end(failureOutcome(error))
      }
    },
  }
}

/** An option that takes several values is repeated, one value each: what follows a value is never swallowed. */
export function severalOf(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

/**
 * Makes every option of every command refuse the name of another option as its value, so that a value which was left out is
 * named instead of what follows: USAGE. Help says which options may be repeated, and which are required.
 */
export function guardOptions(command: Command): void {
  for (const option of command.options) {
    if (option.parseArg === severalOf) option.description += '; repeat the option for several'
    if (option.mandatory) option.description += ' (required)'
    command.on(`option:${option.name()}`, (value?: string | null) => {
      if (value?.startsWith('--') === true)
        throw new WrongUse(
          'USAGE',
          `${option.long ?? option.flags} has no value: ${value} follows it; a file whose name begins so is named as ./--name`,
        )
    })
  }
  for (const inner of command.commands) guardOptions(inner)
}

/** `option` with `form` (NAME=VALUE), many times. */
function collectPair(option: string, form: string, code: string) {
  return (pair: string, all: Record<string, string> = {}): Record<string, string> => {
    const at = pair.indexOf('=')
    if (at < 1) throw new WrongUse(code, `${option} ${pair}: expected ${form}`)
    const name = pair.slice(0, at)
    if (Object.hasOwn(all, name)) throw new WrongUse(code, `${option} ${name} is given twice`)
    return { ...all, [name]: pair.slice(at + 1) }
  }
}

export const collectBlank = collectPair('--set', 'NAME=VALUE', 'OPTION-SET')
const collectVariable = collectPair('--env', 'NAME=VALUE', 'OPTION-ENV')

/** What a token's library reads of its environment. Refuses what changes which code is loaded. */
export function collectEnv(pair: string, all: Record<string, string> = {}): Record<string, string> {
  const next = collectVariable(pair, all)
  const name = Object.keys(next).find((one) => !isPassable(one))
  if (name !== undefined)
    throw new WrongUse('OPTION-ENV', `--env ${name} cannot be passed to a token’s library`)
  return next
}

export const collectToken = collectPair('--token', 'ROLE=URI', 'OPTION-TOKEN')

/** A count from `least` to `most`. */
export function count(option: string, most: number, least = 0) {
  return (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (Number.isNaN(value) || value > most || value < least)
      throw new WrongUse('OPTION-COUNT', `${option} ${text}: expected a count of ${least} to ${most}`)
    return value
  }
}

/** A refusal by a rule, as the failure of a command. */
export function refused({ rule, detail }: { rule: string; detail: string }, remedy?: string): ExpectedError {
  return new ExpectedError(rule, detail, remedy)
}
