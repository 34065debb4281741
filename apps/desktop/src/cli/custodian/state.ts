import { dirname, join } from 'node:path'
import { readBounded } from '@lux/node-files'
import { checkUnburnt, maxStatementRequest, readStatementRequest, stateShare } from '@lux/people'
import type { Command } from 'commander'
import { readTrustedPolicy } from '../policy/trusted-policy.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { type BurntOptions, readBurnt, withBurnt } from './burnt.ts'
import { readTypedWords, type WordsOptions, withWords } from './words.ts'

const maxOpening = 1 << 20

type StateOptions = PassphraseOptions &
  WordsOptions &
  BurntOptions & { key: string; policy: string; opening?: string; out: string }

export function registerCustodianState(group: Command, act: CommandLine['act']): void {
  withBurnt(
    withWords(
      withPassphrase(
        group
          .command('state')
          .argument('<request>', 'out/<seq>-custodian-statement-<i>.json of the run')
          .description('Type the words of your sheet and state to a share check that they are your share.')
          .requiredOption('--key <file>', 'your key file')
          .requiredOption('--policy <file>', 'the policy that you took by hand')
          .option('--opening <file>', 'the opening certificate; ../opening.json from the request by default')
          .requiredOption('--out <file>', 'your signed statement, a new file: put it into the run’s in/'),
      ),
    ),
  )
    .action((request: string, options: StateOptions) => act(() => state(request, options)))
    .addHelpText(
      'after',
      `
The words stay on your device. The statement says that you read them, and no more.

Example:
  $ custody custodian state run/out/31-custodian-statement-1.json --key my.key --policy policy.json --out run/in/custodian-1.json`,
    )
}

/** Errors: CUSTODIAN-REQUEST, those of `stateShare`, FILE-EXISTS. */
async function state(path: string, options: StateOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const at = options.opening ?? join(dirname(path), '..', 'opening.json')
  const paths = { request: path, opening: at, key: options.key, policy: options.policy }
  const request = accepted(readStatementRequest(readBounded(path, maxStatementRequest)), paths)
  const policy = readTrustedPolicy(options.policy)
  const opening = readBounded(at, maxOpening)
  const { sets: burnt } = await readBurnt(options)
  const { key } = await openOwnKey(options.key, options)
  try {
    accepted(checkUnburnt(request.set, burnt), paths)
    const words = await readTypedWords(options)
    const now = new Date().toISOString()
    const { said, statement } = accepted(stateShare(request, { policy, opening, words, now }, key), paths)
    writeNew(options.out, statement)
    return {
      exit: 0,
      json: { ok: true, statement: options.out, ...said },
      text: `${said.name} states share ${said.index} of the backup of ${said.key}: ${options.out}`,
    }
  } finally {
    key.identity.secret.wipe()
  }
}
