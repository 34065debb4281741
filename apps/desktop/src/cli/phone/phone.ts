import { readBounded } from '@lux/node-files'
import { escapeForTerminal, readLog } from '@lux/people'
import type { Command } from 'commander'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { readCard } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { registerPhoneExport } from './export.ts'
import { registerVerifyOrigin } from './verify-origin.ts'

/** The app on people's phones, for whoever serves it and for whoever watches over that. */
export function registerPhone({ program, act }: CommandLine): void {
  const group = program
    .command('phone')
    .description(
      'The app on people’s phones: write it out signed, compare what its origin serves, and read what a phone logged.',
    )
  registerPhoneExport(group, act)
  registerVerifyOrigin(group, act)
  registerVerifyLog(group, act)
}

const maxLog = 8 << 20

function registerVerifyLog(group: Command, act: CommandLine['act']): void {
  group
    .command('verify-log')
    .argument('<log.json>', 'the log that somebody saved on a phone')
    .description('Check whose log it is, and print what it says.')
    .requiredOption('--card <card.json>', 'the card of that person, taken by hand; a renewed one does too')
    .action((path: string, options: { card: string }) => act(() => verifyLog(path, options)))
    .addHelpText(
      'after',
      `
The signature shows that this person gives this list out. What happened, and when, is their phone's own word: compare each
digest with the bundle, the request or the answer that it names.

Example:
  $ custody phone verify-log log.json --card lea.json`,
    )
}

/** Errors: LOG-FILE-MALFORMED, SIGNATURE-…, CARD-…. */
function verifyLog(path: string, { card }: { card: string }): Outcome {
  const { keys } = readCard(card)
  const log = accepted(readLog(readBounded(path, maxLog), keys))
  const { name, domain, made, entries } = log
  return {
    exit: 0,
    json: { ok: true, name, domain, made, entries },
    text: [
      `${name}, ${domain}: ${entries.length} entries, signed on the phone at ${made}`,
      ...entries.map(
        ({ at, what, about, digest }) =>
          `${at}  ${what.padEnd(14)} ${digest.slice(0, 16)}  ${escapeForTerminal(about)}`,
      ),
    ].join('\n'),
  }
}
