import { basename, dirname, join } from 'node:path'
import { redeal as prepareRedeal } from '@lux/people'
import type { Command } from 'commander'
import { systemEntropy } from '../../core/system.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { mustAgree } from '../shell/terminal.ts'
import { type EpochOptions, epochRemedies, pathsOf, policyFiles, withEpochOptions } from './approve-epoch.ts'
import { readApprovals, readEpochRun, runFolderOf } from './run-files.ts'
import { withShare } from './share-files.ts'

export function registerHolderRedeal(group: Command, act: CommandLine['act']): void {
  withEpochOptions(
    group
      .command('redeal')
      .argument('<request>', 'out/<seq>-redeal.json of the run')
      .description(
        'Deal your part of the key again with fresh seeds, as one of the dealers of an approved epoch.',
      )
      .requiredOption('--out <redeal.json>', 'a new file in the run’s in/; the other files go beside it'),
  )
    .action((path: string, options: EpochOptions) => act(() => redeal(path, options)))
    .addHelpText(
      'after',
      `
Writes beside it correction-<q>.bin, public, and dealer-<q>-holder-<i>.age, the fresh seeds sealed to each new holder: all
belong into the run’s in/. Nothing of the fresh seeds stays on your device. Needs fhe/redeal/approval-<i>.json of as many
holders as decrypt today, besides what approve-epoch needs.

Example:
  $ custody holder redeal run/out/44-redeal.json --share share-1.sealed --key my.key --policy policy.json \\
      --out run/in/redeal-1.json`,
    )
}

/**
 * Errors: those of `readEpochRun`, `withShare` and `checkSharePolicy`, EPOCH-…, HOLDER-EPOCH, HOLDER-LEAVING, HOLDER-UNPROVEN,
 * HOLDER-DEALER, REQUEST-DECLINED, FHE-….
 */
async function redeal(path: string, options: EpochOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const copy = readEpochRun(runFolderOf(path, options.run), options.policy)
  return withShare(options, async (opened) => {
    const { domain } = opened.envelope.share.header
    const given = { ...policyFiles(options), approvals: readApprovals(copy) }
    const paths = pathsOf(options, copy.paths)
    const prepared = accepted(prepareRedeal(opened, copy.run, given), paths, epochRemedies(options))
    const beside = (name: string) => join(dirname(options.out), name)
    for (const name of prepared.names) mustBeNew(beside(name))
    for (const { text } of prepared.lines) say(escapeForTerminal(text))
    await mustAgree('Deal your part again?', { domain, yes: options.yes }, 'nothing was dealt')
    const dealt = accepted(await prepared.deal(systemEntropy))
    for (const { name, bytes } of dealt.files) writeNew(beside(name), bytes)
    writeNew(options.out, dealt.redeal)
    return {
      exit: 0,
      json: { ok: true, redeal: options.out, files: prepared.names.map(beside), ...dealt.said },
      text: [
        `${dealt.said.name} dealt for epoch ${copy.run.terms.epoch}: ${options.out}`,
        ...prepared.names.map((name) => `  ${basename(name)}`),
      ].join('\n'),
    }
  })
}
