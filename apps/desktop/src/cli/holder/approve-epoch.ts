import { dirname, join } from 'node:path'
import { epochApprovalCodec, epochApprovalOf } from '@lux/ceremony/wire'
import { CoreError } from '@lux/node-files'
import type { Command } from 'commander'
import { blocksLeft } from '../holder-answer.ts'
import { keepState, type ShareOptions, withShare } from '../holder-opened.ts'
import { checkLeaving, checkOldShare, epochLines, openingDigest, readEpochRun } from '../holder-run.ts'
import { checkSharePolicy } from '../share-policy.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustHaveRoom, wordLines, wordsOf, writeNew } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { withPassphrase } from '../shell/secret-input.ts'
import { askYes } from '../shell/terminal.ts'

export type EpochOptions = ShareOptions & {
  policy: string
  previousPolicy?: string
  run?: string
  out: string
  yes?: boolean
}

/** What approving an epoch and dealing for it take alike. */
export function withEpochOptions(command: Command): Command {
  return withPassphrase(
    command
      .requiredOption('--share <file>', 'your share of the epoch that is left')
      .requiredOption('--key <file>', 'your key file')
      .requiredOption('--policy <file>', 'the policy that you took by hand')
      .option('--previous-policy <file>', 'the one under which your share was dealt, where it is older')
      .option('--run <dir>', 'a copy of the run’s folder; the one above the request by default')
      .option('--yes', 'do not ask at the terminal: for scripts; a person has read and compared everything'),
  )
}

export const runFolderOf = (request: string, run: string | undefined) => run ?? join(dirname(request), '..')

export function registerHolderEpoch(group: Command, act: CommandLine['act']): void {
  withEpochOptions(
    group
      .command('approve-epoch')
      .argument('<request>', 'out/<seq>-epoch-approval.json of the run')
      .description(
        'Let the key move to the people, quorum and dealers of an opened plan, as a holder of it now.',
      )
      .requiredOption('--out <approval.json>', 'a new file: put it into the run’s in/'),
  )
    .action((path: string, options: EpochOptions) => act(() => approveEpoch(path, options)))
    .addHelpText(
      'after',
      `
Needs opening.json, plan.yaml, cards/ and fhe/public.bin as they lie in the run’s folder. Says what is left of your budget,
which is shared among the new holders; from then on this share decrypts nothing more, until "live" wipes it, or "keep" takes
it back where the run was aborted.

Example:
  $ custody holder approve-epoch run/out/40-epoch-approval.json --share share-1.sealed --key my.key --policy policy.json \\
      --out run/in/epoch-1.json`,
    )
}

/** Errors: those of `readEpochRun`, `withShare` and `checkSharePolicy`, HOLDER-EPOCH, HOLDER-LEAVING, HOLDER-UNPROVEN, REQUEST-DECLINED. */
async function approveEpoch(path: string, options: EpochOptions): Promise<Outcome> {
  mustHaveRoom(options.out)
  const run = readEpochRun(runFolderOf(path, options.run), options.policy)
  return withShare(options, async (opened) => {
    const { key, envelope, before } = opened
    checkSharePolicy(opened, options.policy, options.previousPolicy)
    checkOldShare(run, envelope)
    checkLeaving(run, before)
    const { header } = envelope.share
    if (!before.live) throw new CoreError('HOLDER-UNPROVEN', `epoch ${header.epoch} is not live itself`)
    const left = blocksLeft(envelope, before.spent)
    const approval = epochApprovalOf(run.terms, header.holder, envelope.name, left)
    const digest = epochApprovalCodec.payload.digest(approval)
    for (const line of epochLines(run)) say(line)
    say(`you have left ${left.at128} squashed blocks and ${left.at64} fresh ones`)
    for (const line of wordLines(wordsOf(run.terms.planHash))) say(line)
    if (header.domain === 'production' && options.yes !== true && !(await askYes('May the key move?')))
      throw new CoreError('REQUEST-DECLINED', 'you did not say yes; nothing was signed')
    // On disk before anything leaves: what is left has been told.
    keepState(options.share, { ...before, leaving: openingDigest(run) }, opened)
    const signature = epochApprovalCodec.sign(key.identity, approval, approval.domain)
    writeNew(options.out, epochApprovalCodec.file.encode({ payload: approval, signatures: [signature] }))
    return {
      exit: 0,
      json: { ok: true, approval: options.out, digest, ...approval },
      text: `${envelope.name}, holder ${header.holder} of epoch ${header.epoch}, lets the key move: ${options.out}`,
    }
  })
}
