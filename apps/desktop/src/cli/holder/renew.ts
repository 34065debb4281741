import { cardCodec } from '@lux/ceremony/wire'
import { renewKey } from '@lux/people'
import type { Command } from 'commander'
import { systemEntropy } from '../../core/system.ts'
import { sealKeyFile } from '../../core/use-cases/key-file.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, wordLines, writeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { holderKeyRemedies } from './share-files.ts'

type RenewOptions = PassphraseOptions & { key: string; out: string; newKey: string }

export function registerHolderRenew(group: Command, act: CommandLine['act']): void {
  withPassphrase(
    group
      .command('renew')
      .description(
        'As a holder who stays: make the envelope key of the next epoch, and the card that names it, signed by your key.',
      )
      .requiredOption('--key <file>', 'your key file of the present epoch')
      .requiredOption('--out <card.json>', 'the renewed card, a new file')
      .requiredOption(
        '--new-key <file>',
        'the key file of the next epoch, a new file under the same passphrase',
      ),
  )
    .action((options: RenewOptions) => act(() => renew(options)))
    .addHelpText(
      'after',
      `
Do it before the plan is made: its people list both cards. Name and signing keys stay; only the envelope key is another, so what
is sealed to you in the next epoch opens with the new key file alone. Approve and deal with either; receive-next, prove and what
follows take the new one. Once the epoch is live, "holder live --forget-key" with the old share and the old key file ends the
old envelope key.

Example:
  $ custody holder renew --key my.key --out my.next.json --new-key my.next.key`,
    )
}

/** Errors: FILE-EXISTS, REQUEST-ROLE, and those of the key file and its passphrase. */
async function renew({ key: keyPath, out, newKey, ...source }: RenewOptions): Promise<Outcome> {
  mustBeNew(out)
  mustBeNew(newKey)
  const { key, passphrase } = await openOwnKey(keyPath, source)
  try {
    const next = accepted(await renewKey(key, systemEntropy), { key: keyPath }, holderKeyRemedies)
    writeNew(newKey, await sealKeyFile(next.key, passphrase), 0o600)
    writeNew(out, next.card)
    const { digest, words } = next
    const renews = cardCodec.digest(key.card)
    return {
      exit: 0,
      json: { ok: true, card: out, key: newKey, digest, renews, signer: key.identity.id, words },
      text: [
        `card    ${out}`,
        `key     ${newKey}`,
        `renews  ${renews}`,
        `digest  ${digest}`,
        ...wordLines(words),
      ].join('\n'),
    }
  } finally {
    key.identity.secret.wipe()
  }
}
