import { toHex } from '@lux/crypto'
import { checkApprovals, checkDealt, epochLines, forgetKept, nextHolder, nextShare } from '@lux/people'
import type { Command } from 'commander'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import { type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { readApprovals, readDealt, readEpochRun, readSeeds, runFolderOf } from './run-files.ts'
import { holderKeyRemedies, keepShare, lostLine, lostOption, namedIn, readReceived } from './share-files.ts'

type NextOptions = PassphraseOptions & {
  key: string
  policy: string
  run?: string
  out: string
  lost?: boolean
}

export function registerHolderNext(group: Command, act: CommandLine['act']): void {
  withPassphrase(
    group
      .command('receive-next')
      .argument('<request>', 'out/<seq>-acknowledgement-<i>.json of the run')
      .description(
        'Put your share of the next epoch together out of what all dealers sealed to you, and keep it sealed.',
      )
      .requiredOption('--key <file>', 'your key file')
      .requiredOption('--policy <file>', 'the policy that you took by hand')
      .option('--run <dir>', 'a copy of the run’s folder; the one above the request by default')
      .requiredOption('--out <share>', 'the share, a new file, sealed under the passphrase of your key')
      .option(...lostOption),
  )
    .action((path: string, options: NextOptions) => act(() => receiveNext(path, options)))
    .addHelpText(
      'after',
      `
Believed is only what the opened plan, k officers, as many old holders as decrypt today, every dealer and the ceremony key
signed. Who stays gives the key file that "holder renew" wrote. A wrong seed is refused as FHE-SEED-COMMITMENT with its dealer’s number: that is a complaint, and ends the run.
Until the epoch is live the share answers its canary and nothing else.

Example:
  $ custody holder receive-next run/out/52-acknowledgement-1.json --key my.key --policy policy.json --out share-1.next`,
    )
}

/**
 * Errors: those of `readEpochRun`, EPOCH-…, FHE-CORRECTION-OTHER, ENVELOPE-SIGNATURE-INVALID, HOLDER-OTHER, HOLDER-RENEWED,
 * SHARE-RECEIVED, RECEIVED-OTHER, SEAL-…, FHE-….
 */
async function receiveNext(path: string, options: NextOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const copy = readEpochRun(runFolderOf(path, options.run), options.policy)
  const { run } = copy
  const approvals = readApprovals(copy)
  accepted(checkApprovals(run, approvals), copy.paths)
  const dealt = readDealt(copy)
  accepted(checkDealt(run, dealt), copy.paths)
  const { key, passphrase } = await openOwnKey(options.key, options)
  try {
    const holder = accepted(nextHolder(run, key.card.name))
    const received = readReceived(options.key)
    const lost = options.lost === true
    const kept = accepted(
      await nextShare(
        run,
        { approvals, ...dealt, ...readSeeds(copy, holder) },
        { key, received: received.list, path: namedIn(options.out), lost },
      ),
      { ...copy.paths, key: options.key, received: received.path },
      { ...holderKeyRemedies, envelope: 'do not take this share; tell the administrator of the ceremony' },
    )
    const { budgets, envelope } = kept
    try {
      await keepShare(options.out, kept, { keyFile: options.key, passphrase })
    } finally {
      forgetKept(kept)
    }
    for (const { text } of epochLines(run)) say(escapeForTerminal(text))
    const { t, n } = run.terms
    const { epoch, epochId } = envelope.share.header
    return {
      exit: 0,
      json: {
        ok: true,
        share: options.out,
        name: envelope.name,
        holder,
        epoch,
        epochId: toHex(epochId),
        ...{ t, n },
        domain: run.terms.domain,
        budgets,
        ...(lost ? { lost: true, left: { at64: 0, at128: 0 } } : {}),
      },
      text: [
        `share ${holder} of ${n} in epoch ${epoch}, any ${t} decrypt: kept in ${options.out}`,
        lost
          ? lostLine(false)
          : `may answer ${budgets.at64} blocks of 64 bits and ${budgets.at128} of 128, over its whole life`,
        `now prove it: custody holder prove ${options.out} --key ${options.key} --policy ${options.policy} --out FILE`,
      ].join('\n'),
    }
  } finally {
    key.identity.secret.wipe()
  }
}
