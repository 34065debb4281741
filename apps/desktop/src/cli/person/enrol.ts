import type { Domain } from '@lux/ceremony'
import type { Card } from '@lux/ceremony/wire'
import type { Scheme } from '@lux/crypto'
import { enrol as enrolPerson } from '@lux/people'
import type { Command } from 'commander'
import { systemEntropy } from '../../core/system.ts'
import { sealKeyFile } from '../../core/use-cases/key-file.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { domainOption, mustBeNew, wordLines, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, readNewPassphrase, withPassphrase } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'

export type EnrolOptions = PassphraseOptions & {
  name: string
  domain: Domain
  out: string
  key: string
  schemes: Scheme[]
  note?: string
}

/** Adds `enrol` to the commands of one kind of person. */
export function registerEnrol(group: Command, kind: Card['kind'], { act }: CommandLine): void {
  const enrolCommand = group
    .command('enrol')
    .description(`Make the ${kind}’s key on this device, and the card that everybody else may see.`)
    .requiredOption('--name <name>', 'the person’s name, as it shall stand in plans and policies')
    .requiredOption(
      '--domain <domain>',
      'production or rehearsal: a card of one is refused in the other',
      domainOption,
    )
    .requiredOption('--out <card.json>', 'the public card, a new file')
    .requiredOption(
      '--key <file>',
      'the key file, a new file: sealed under a passphrase, it stays on this device',
    )
    .option('--schemes <list>', 'signature schemes: p256, ed25519, mlDsa65', schemesOption, [
      'ed25519',
      'mlDsa65',
    ])
    .option('--note <text>', 'a remark on the card, such as the device')
  withPassphrase(enrolCommand)
    .action((options: EnrolOptions) => act(() => enrol(kind, options)))
    .addHelpText(
      'after',
      `
The card’s digest is what plans and policies name. Read its words to whoever takes the card, and let them compare.

Example:
  $ custody ${kind} enrol --name "Ada Lovelace" --domain production --out ada.json --key ada.key`,
    )
}

/** Errors: FILE-EXISTS, CARD-MALFORMED, those of the passphrase. */
export async function enrol(kind: Card['kind'], options: EnrolOptions): Promise<Outcome> {
  mustBeNew(options.out)
  mustBeNew(options.key)
  const { domain, name, note, schemes } = options
  const enrolment = { kind, domain, name, schemes, ...(note === undefined ? {} : { note }) }
  const { key, card, digest, words } = accepted(await enrolPerson(enrolment, systemEntropy))
  try {
    const passphrase = await readNewPassphrase(options, options.key, [name])
    writeNew(options.key, await sealKeyFile(key, passphrase), 0o600)
    writeNew(options.out, card)
  } finally {
    key.identity.secret.wipe()
  }
  return {
    exit: 0,
    json: { ok: true, card: options.out, key: options.key, digest, signer: key.identity.id, words },
    text: [`card    ${options.out}`, `key     ${options.key}`, `digest  ${digest}`, ...wordLines(words)].join(
      '\n',
    ),
  }
}

function schemesOption(text: string): Scheme[] {
  const known = ['p256', 'ed25519', 'mlDsa65'] as const
  const wanted = text.split(',').map((one) => one.trim())
  const chosen = known.filter((scheme) => wanted.includes(scheme))
  if (chosen.length === 0 || chosen.length !== wanted.length)
    throw new WrongUse('OPTION-SCHEMES', `--schemes ${text}: expected some of ${known.join(', ')}, each once`)
  return chosen
}
