import { dirname, join } from 'node:path'
import { readBounded } from '@lux/node-files'
import {
  checkShareRequest,
  checkUnburnt,
  giveShare,
  maxShareRequest,
  releaseLines,
  releaseName,
} from '@lux/people'
import type { Command } from 'commander'
import { readTrustedPolicy } from '../policy/trusted-policy.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import { type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { mustAgree } from '../shell/terminal.ts'
import { type BurntOptions, readBurnt, withBurnt } from './burnt.ts'
import { readTypedWords, type WordsOptions, withWords } from './words.ts'

const maxOpening = 1 << 20

type GiveOptions = PassphraseOptions &
  WordsOptions &
  BurntOptions & { key: string; policy: string; opening?: string; out: string; yes?: boolean }

export function registerCustodianGive(group: Command, act: CommandLine['act']): void {
  withBurnt(
    withWords(
      withPassphrase(
        group
          .command('give')
          .argument('<request>', 'out/<seq>-share-request.json of the run')
          .description(
            'Type the words of your sheet and give your share, sealed to the run, to a drill or a restore.',
          )
          .requiredOption('--key <file>', 'your key file')
          .requiredOption('--policy <file>', 'the policy that you took by hand')
          .option('--opening <file>', 'the opening certificate; ../opening.json from the request by default')
          .option('--yes', 'do not ask again')
          .requiredOption(
            '--out <file>',
            'your signed statement, a new file; release-<i>.age is written beside it',
          ),
      ),
    ),
  )
    .action((request: string, options: GiveOptions) => act(() => give(request, options)))
    .addHelpText(
      'after',
      `
It burns the set: afterwards your sheet is of no more use. Put both files into the run’s in/.

Example:
  $ custody custodian give run/out/31-share-request.json --key my.key --policy policy.json --out run/in/custodian-1.json`,
    )
}

/** Errors: those of `checkShareRequest` and `giveShare`, REQUEST-DECLINED, FILE-EXISTS. */
async function give(path: string, options: GiveOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const at = options.opening ?? join(dirname(path), '..', 'opening.json')
  const paths = { request: path, opening: at, key: options.key, policy: options.policy }
  const files = { policy: readTrustedPolicy(options.policy), opening: readBounded(at, maxOpening) }
  const request = accepted(checkShareRequest(readBounded(path, maxShareRequest), files), paths)
  const { sets: burnt } = await readBurnt(options)
  const { key } = await openOwnKey(options.key, options)
  try {
    accepted(checkUnburnt(request.set, burnt), paths)
    for (const line of releaseLines(request)) say(escapeForTerminal(line))
    await mustAgree('Do you give it?', { domain: request.domain, yes: options.yes })
    const words = await readTypedWords(options)
    const now = new Date().toISOString()
    const { said, statement, release } = accepted(await giveShare(request, { words, now }, key), paths)
    const beside = join(dirname(options.out), releaseName(said.index))
    writeNew(beside, release)
    writeNew(options.out, statement)
    return {
      exit: 0,
      json: { ok: true, statement: options.out, release: beside, ...said },
      text: `${said.name} gives share ${said.index} of the backup of ${said.key}: ${options.out} and ${beside}`,
    }
  } finally {
    key.identity.secret.wipe()
  }
}
