import { closeSync, existsSync, fstatSync, fsyncSync, lstatSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import { partsOf, readBounded, syncFolder, withSystemErrors } from '@lux/node-files'
import { checkGivenUp, checkLive, keepAfterAbort, takeEpochLive } from '@lux/people'
import type { Command } from 'commander'
import { statePath } from '../../core/use-cases/share-file.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { withPassphrase } from '../shell/secret-input.ts'
import { mustAgree } from '../shell/terminal.ts'
import { forgetAnswers } from './kept-answer.ts'
import { livePath, readApprovals, readEnd, readEpochRun } from './run-files.ts'
import { keepState, receivedPath, type ShareOptions, withShare } from './share-files.ts'
import { lockPath } from './share-lock.ts'

const maxDocument = 1 << 20

type EndOptions = ShareOptions & { policy: string; forgetKey?: boolean; yes?: boolean }

export function registerHolderLive(group: Command, act: CommandLine['act']): void {
  const ending = (verb: string, description: string) =>
    withPassphrase(
      group
        .command(verb)
        .argument('<run>', 'a copy of the run’s folder')
        .description(description)
        .requiredOption('--share <file>', 'your share of the epoch')
        .requiredOption('--key <file>', 'your key file')
        .requiredOption('--policy <file>', 'the policy that you took by hand')
        .option(
          '--yes',
          'do not ask at the terminal: for scripts; a person has read and compared everything',
        ),
    )
  ending(
    'live',
    'Take the ceremony key’s word that an epoch is live: a new share may answer, an old one is wiped.',
  )
    .option(
      '--forget-key',
      'with an old share: wipe the key file too; its envelope key opens the old share out of any copy of the run',
    )
    .action((folder: string, options: EndOptions) => act(() => live(folder, options)))
    .addHelpText(
      'after',
      `
Needs fhe/epoch-live.json ("epoch n live, n of n proved") besides what redeal needs. An old share’s file and its record are
overwritten and removed. Nobody can prove to others that nothing was kept: copies are yours to find and destroy.
The old share also lies in its envelope, which the run and its bundle keep, and the key file of its epoch opens it: give that
file and --forget-key, whether you leave or stay with a renewed key, unless the file is for shares of other keys too.

Example:
  $ custody holder live run --share share-1.sealed --key my.key --policy policy.json`,
    )
  ending(
    'keep',
    'Take back that your epoch is left, after the run that was to move the key has been aborted.',
  )
    .action((folder: string, options: EndOptions) => act(() => keep(folder, options)))
    .addHelpText(
      'after',
      `
Needs closeout.json, transcript.jsonl and checkpoints/ of the aborted run, as "custody ceremony abort" leaves them: the ceremony
key signs how its log ended, and the log must lead there by way of every checkpoint that witnesses cosigned, without a word
that the next epoch is live. Where the next epoch was assembled its canary may have been answered, and is counted as spent.

Example:
  $ custody holder keep run --share share-1.sealed --key my.key --policy policy.json`,
    )
}

/**
 * An old share is wiped whatever run its holder approved: nothing may be answered with it once the next epoch is live. Errors: those of
 * `readEpochRun`, `checkLive`, `withShare` and `takeEpochLive`, REQUEST-DECLINED.
 */
async function live(folder: string, options: EndOptions): Promise<Outcome> {
  const copy = readEpochRun(folder, options.policy)
  const { run } = copy
  const path = livePath(folder)
  const paths = { ...copy.paths, 'epoch-live': path }
  const given = { approvals: readApprovals(copy), live: readBounded(path, maxDocument) }
  const said = accepted(checkLive(run, given), paths)
  return withShare(options, async (opened) => {
    const { envelope } = opened
    const forgetsKey = options.forgetKey === true
    const taken = accepted(takeEpochLive(opened, run, said, { forgetsKey }), paths)
    if (taken.do === 'answer') {
      keepState(options.share, taken.state, opened)
      const { epoch } = envelope.share.header
      return ended(options, 'live', envelope, `epoch ${epoch} is live: ${options.share} may answer`)
    }
    for (const { text } of taken.lines) say(escapeForTerminal(text))
    await mustAgree(
      'Wipe the old share?',
      { domain: run.terms.domain, yes: options.yes },
      'nothing was wiped',
    )
    wipeShare(options, forgetsKey)
    const kept = forgetsKey
      ? ` with ${options.key}`
      : `; ${options.key} still opens its envelope, which the run and its bundle keep`
    return ended(options, 'wiped', envelope, `epoch ${said.epoch} is live: ${options.share} is wiped${kept}`)
  })
}

function wipeShare({ share, key }: EndOptions, forgetsKey: boolean): void {
  const paths = [share, statePath(share), ...(forgetsKey ? [key] : [])]
  const received = forgetsKey ? receivedPath(key) : null
  for (const path of paths) wipeFile(path)
  forgetAnswers(share)
  rmSync(lockPath(share), { force: true })
  if (received !== null) rmSync(received, { force: true })
}

/** Errors: those of `readEpochRun`, `checkGivenUp`, `withShare` and `keepAfterAbort`. */
async function keep(folder: string, options: EndOptions): Promise<Outcome> {
  const copy = readEpochRun(folder, options.policy)
  const { run, paths } = copy
  const over = accepted(checkGivenUp(run, { live: existsSync(livePath(folder)), ...readEnd(copy) }), paths)
  return withShare(options, (opened) => {
    const { state, counted } = accepted(keepAfterAbort(opened, run, over), paths)
    keepState(options.share, state, opened)
    const cost = counted.at64 + counted.at128
    const told = cost === 0 ? '' : `, less ${cost} blocks for the canary of the epoch that was given up`
    return ended(
      options,
      'kept',
      opened.envelope,
      `the run was aborted: ${options.share} answers again${told}`,
    )
  })
}

function ended(
  { share }: EndOptions,
  state: 'live' | 'wiped' | 'kept',
  { name, share: { header } }: ShareEnvelope,
  text: string,
): Outcome {
  const { holder, epoch } = header
  return { exit: 0, json: { ok: true, share, state, name, holder, epoch }, text }
}

const chunk = new Uint8Array(1 << 16)

/**
 * Overwrites a file with zeros, in place and on disk, and removes it, and what a killed program left of it. What a disk or a file system
 * has copied stays.
 */
export function wipeFile(path: string): void {
  withSystemErrors(() => {
    wipeOne(path)
    // A link or a pipe of such a name is nothing that this program wrote.
    for (const part of partsOf(path)) if (lstatSync(part).isFile()) wipeOne(part)
    syncFolder(dirname(path))
  }, path)
}

function wipeOne(path: string): void {
  const file = openSync(path, 'r+')
  try {
    const { size } = fstatSync(file)
    for (let at = 0; at < size; ) at += writeSync(file, chunk, 0, Math.min(chunk.length, size - at), at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  rmSync(path)
}
