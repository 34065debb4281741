import { readBounded } from '@lux/node-files'
import { checkBackup, checkUnburnt } from '@lux/people'
import type { Command } from 'commander'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import type { Outcome } from '../shell/output.ts'
import { withVerified } from '../shell/verified-bundle.ts'
import { type BurntOptions, readBurnt, withBurnt } from './burnt.ts'
import { readTypedWords, type WordsOptions, withWords } from './words.ts'

const maxMedium = 16_384

type CheckOptions = WordsOptions &
  BurntOptions & {
    policy: string
    medium?: string
    words?: boolean
  }

export function registerCustodianCheck(group: Command, act: CommandLine['act']): void {
  withBurnt(
    withWords(
      group
        .command('check')
        .argument('<bundle>', 'the bundle of the ceremony that made the backup')
        .description(
          'Check a share alone, a sealed medium, or both against the bundle. It opens and burns nothing.',
        )
        .requiredOption('--policy <file>', 'the policy that you took by hand')
        .option('--medium <file>', 'a copy of the sealed medium')
        .option('--words', 'type the words of a sheet'),
    ),
  )
    .action((bundle: string, options: CheckOptions) => act(() => check(bundle, options)))
    .addHelpText(
      'after',
      `
Do it once a year, each custodian for their own sheet, on a machine that is offline: the words are typed there.

Example:
  $ custody custodian check bundle.zip --policy policy.json --words --medium root-kek.medium`,
    )
}

/** Errors: the checks of the bundle, BACKUP-…, FILE-…, SECRET-…. */
async function check(path: string, options: CheckOptions): Promise<Outcome> {
  const { sets: burnt } = await readBurnt(options)
  return withVerified(path, options.policy, async (contents) => {
    const medium = options.medium === undefined ? null : readBounded(options.medium, maxMedium)
    const found = accepted(checkBackup(contents.predicate, { words: await wordsOf(options), medium }))
    const { key, set, t, n, share } = found
    accepted(checkUnburnt(set, burnt))
    return {
      exit: 0,
      json: { ok: true, ...found },
      text: [
        `backup of ${key}, set ${set}: any ${t} of ${n}`,
        ...(share === null ? [] : [`share ${share.index} of ${share.name} is the one that was dealt`]),
        ...(found.medium === null ? [] : [`the medium is the one that was sealed: SHA-256 ${found.medium}`]),
      ].join('\n'),
    }
  })
}

async function wordsOf(options: CheckOptions): Promise<string | null> {
  const { words, wordsFd, wordsFile } = options
  if (words !== true && wordsFd === undefined && wordsFile === undefined) return null
  return readTypedWords(options)
}
