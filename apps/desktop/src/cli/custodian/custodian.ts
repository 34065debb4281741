import { dirname, join } from 'node:path'
import { readBounded } from '@lux/node-files'
import {
  type CustodianShareOpened,
  checkEnvelope,
  maxEnvelope,
  openCustodianShare,
  type PersonKey,
  proveCustodianShare,
} from '@lux/people'
import { type Command, Option } from 'commander'
import { type Language, languages } from '../../contract/index.ts'
import { findParts } from '../../core/program.ts'
import { mustBeOutside } from '../../core/services/ceremonies/sheet-paper.ts'
import { readTrustedPolicy } from '../policy/trusted-policy.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { registerCustodianCheck } from './check.ts'
import { registerCustodianGive } from './give.ts'
import { sheetOf } from './sheet.ts'
import { registerCustodianState } from './state.ts'
import { readTypedWords, type WordsOptions, withWords } from './words.ts'

const maxDocument = 1 << 20

type EnvelopeOptions = PassphraseOptions & { key: string; policy: string; sig?: string; opening?: string }
type ReceiveOptions = EnvelopeOptions & { sheet: string; language: Language }
type ProveOptions = EnvelopeOptions & WordsOptions & { out: string }

/** What a custodian does with a share of a root's backup. */
export function registerCustodian(group: Command, { act }: CommandLine): void {
  withEnvelope(
    group
      .command('receive')
      .argument('<envelope>', 'custodian-<i>.age')
      .description(
        'Check and open your envelope, check the share alone, and write its words as a sheet to print.',
      ),
  )
    .requiredOption('--sheet <file.html>', 'the sheet, a new file: it holds the share in the open')
    .addOption(new Option('--language <tag>', 'of the sheet').choices(languages).default('en'))
    .action((envelope: string, options: ReceiveOptions) => act(() => receive(envelope, options)))
    .addHelpText(
      'after',
      `
Print the sheet on a printer that nobody else reads, then remove the file. The words are as secret as the envelope’s key.

Example, with the files laid out as in the run’s folder:
  $ custody custodian receive backup/custodian-1.age --key my.key --policy policy.json --sheet /dev/shm/sheet.html`,
    )
  withWords(
    withEnvelope(
      group
        .command('prove')
        .argument('<envelope>', 'custodian-<i>.age')
        .description(
          'Type the words of your sheet back, compare them with the share, and sign that you hold it.',
        ),
    ),
  )
    .requiredOption('--out <file>', 'your acknowledgement, a new file: put it into the run’s in/')
    .action((envelope: string, options: ProveOptions) => act(() => prove(envelope, options)))
    .addHelpText(
      'after',
      `
Example:
  $ custody custodian prove backup/custodian-1.age --key my.key --policy policy.json --out in/custodian-1.json`,
    )
  registerCustodianCheck(group, act)
  registerCustodianState(group, act)
  registerCustodianGive(group, act)
}

function withEnvelope(command: Command): Command {
  return withPassphrase(
    command
      .requiredOption('--key <file>', 'your key file')
      .requiredOption('--policy <file>', 'the policy that you took by hand')
      .option('--sig <file>', 'the ceremony key’s signature; beside the envelope by default')
      .option('--opening <file>', 'the opening certificate; ../opening.json from the envelope by default'),
  )
}

/** Errors: POLICY-…, OPENING-…, SIGNATURE-…, QUORUM-SHORT, ENVELOPE-SIGNATURE-INVALID, CUSTODIAN-…, SEAL-…, BACKUP-…, FILE-EXISTS, SHEET-PLACE. */
async function receive(path: string, options: ReceiveOptions): Promise<Outcome> {
  mustBeNew(options.sheet)
  mustBeOutside(options.sheet)
  const { language } = options
  const { resources } = findParts()
  return withOpened(path, options, ({ words, ...opened }) => {
    writeNew(options.sheet, sheetOf({ ...opened, words }, { language, resources }), 0o600)
    const { name, index, t, n, set, share, ceremonyId, domain, key } = opened
    return {
      exit: 0,
      json: { ok: true, sheet: options.sheet, ceremonyId, domain, key, set, name, index, t, n, share },
      text: [
        `share ${index} of ${n} of the backup of ${key}, any ${t} bring it back: ${options.sheet}`,
        `ceremony   ${ceremonyId}, ${domain}`,
        `set        ${set}`,
        'print the sheet, remove the file, and type the words back from the paper:',
        `  custody custodian prove ${path} --key ${options.key} --policy ${options.policy} --out FILE`,
      ].join('\n'),
    }
  })
}

/** Errors: those of `receive`; BACKUP-WORD, BACKUP-CHECKSUM and BACKUP-WORDS-COUNT of what is typed. */
async function prove(path: string, options: ProveOptions): Promise<Outcome> {
  mustBeNew(options.out)
  return withOpened(path, options, async (opened, key) => {
    const words = await readTypedWords(options)
    const { acknowledgement, said } = accepted(proveCustodianShare(opened, words, key))
    writeNew(options.out, acknowledgement)
    return {
      exit: 0,
      json: { ok: true, acknowledgement: options.out, ...said },
      text: `${said.name} holds share ${said.index} of the backup of ${said.key}: ${options.out}`,
    }
  })
}

/** Opens the envelope for one command; the key is wiped afterwards. */
async function withOpened(
  path: string,
  options: EnvelopeOptions,
  work: (opened: CustodianShareOpened, key: PersonKey) => Outcome | Promise<Outcome>,
): Promise<Outcome> {
  const at = {
    opening: options.opening ?? join(dirname(path), '..', 'opening.json'),
    signature: options.sig ?? path.replace(/\.age$/, '.sig'),
  }
  const files = {
    policy: readTrustedPolicy(options.policy),
    opening: readBounded(at.opening, maxDocument),
    signature: readBounded(at.signature, maxDocument),
    envelope: readBounded(path, maxEnvelope),
  }
  const paths = { opening: at.opening, key: options.key, envelope: path }
  // Before anybody types a passphrase for what came from elsewhere.
  accepted(checkEnvelope(files), { ...paths, envelope: at.signature })
  const { key } = await openOwnKey(options.key, options)
  try {
    return await work(accepted(await openCustodianShare(files, key), paths), key)
  } finally {
    key.identity.secret.wipe()
  }
}
