import type { PolicyFile } from '@lux/ceremony/policy'
import { budgetLine, approveEpoch as prepareApproval } from '@lux/people'
import type { Command } from 'commander'
import { accepted, type Paths, type Remedies } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustHaveRoom, readPolicy, wordLines, writeNew } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { withPassphrase } from '../shell/secret-input.ts'
import { mustAgree } from '../shell/terminal.ts'
import { readEpochRun, runFolderOf } from './run-files.ts'
import { keepState, type ShareOptions, withShare } from './share-files.ts'

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
  const { run, paths } = readEpochRun(runFolderOf(path, options.run), options.policy)
  return withShare(options, async (opened) => {
    const { header } = opened.envelope.share
    const prepared = accepted(
      prepareApproval(opened, run, policyFiles(options)),
      pathsOf(options, paths),
      epochRemedies(options),
    )
    const { left, said, digest } = prepared
    for (const { text } of prepared.lines) say(escapeForTerminal(text))
    say(budgetLine(left).text)
    for (const line of wordLines(prepared.words)) say(line)
    await mustAgree('May the key move?', { domain: header.domain, yes: options.yes })
    const { state, approval } = prepared.sign()
    // On disk before anything leaves: what is left has been told.
    keepState(options.share, state, opened)
    writeNew(options.out, approval)
    return {
      exit: 0,
      json: { ok: true, approval: options.out, digest, ...said },
      text: `${said.name}, holder ${header.holder} of epoch ${header.epoch}, lets the key move: ${options.out}`,
    }
  })
}

/** The policy of a command, and the one before it where it is named. */
export function policyFiles({ policy, previousPolicy }: EpochOptions): {
  policy: PolicyFile
  previous: PolicyFile | null
} {
  return {
    policy: readPolicy(policy),
    previous: previousPolicy === undefined ? null : readPolicy(previousPolicy),
  }
}

export const pathsOf = (options: EpochOptions, paths: Paths): Paths => ({
  ...paths,
  ...(options.previousPolicy === undefined ? {} : { 'previous-policy': options.previousPolicy }),
})

/** What to do about a share of another policy or another run. */
export const epochRemedies = ({ previousPolicy }: EpochOptions): Remedies =>
  previousPolicy === undefined ? {} : { 'HOLDER-POLICY': 'name it with --previous-policy' }
