import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { acknowledgementCodec, cardCodec, checkEpochLive, epochLiveCodec } from '@lux/ceremony/wire'
import { toHex } from '@lux/crypto'
import { forgetEnvelope, type ShareEnvelope, triedCanaryCost } from '@lux/crypto/fhe'
import { CoreError } from '@lux/node-files'
import type { Command } from 'commander'
import { checkAborted } from '../aborted-run.ts'
import { heldProof } from '../held-proof.ts'
import { keepState, type Opened, type ShareOptions, withShare } from '../holder-opened.ts'
import {
  checkLeaving,
  checkOldShare,
  type EpochRun,
  epochLines,
  readApprovals,
  readEpochRun,
} from '../holder-run.ts'
import { type HolderState, statePath } from '../holder-state.ts'
import { receivedPath } from '../received-shares.ts'
import { checkDealtUnder } from '../share-policy.ts'
import { type CommandLine, refused } from '../shell/command-line.ts'
import { readParsed } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { withPassphrase } from '../shell/secret-input.ts'
import { askYes } from '../shell/terminal.ts'
import { wipeFile } from '../wipe-file.ts'
import { lockPath } from './share-lock.ts'

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
 * `readEpochRun`, `readApprovals`, `checkEpochLive`, `withShare` and `checkDealtUnder`, HOLDER-EPOCH, HOLDER-STAYS, REQUEST-DECLINED.
 */
async function live(folder: string, options: EndOptions): Promise<Outcome> {
  const run = readEpochRun(folder, options.policy)
  readApprovals(run)
  const document = readParsed(join(folder, 'fhe', 'epoch-live.json'), epochLiveCodec.file)
  const checked = checkEpochLive(run.terms, document, run.opening.ceremonyKeys)
  if (!checked.ok) throw refused(checked, 'wipe nothing; tell the administrator of the ceremony')
  const said = checked.value
  return withShare(options, async (opened) => {
    const { envelope } = opened
    const { holder, epoch, epochId } = envelope.share.header
    if (toHex(epochId) === said.epochId) {
      checkDealtUnder(opened, run.policy)
      if (acknowledgementOf(opened) !== said.acknowledgements[holder - 1])
        throw new CoreError('EPOCH-OTHER', `${envelope.name} has not proved this share in that ceremony`)
      keepState(options.share, { ...opened.before, live: true }, opened)
      return ended(options, 'live', envelope, `epoch ${epoch} is live: ${options.share} may answer`)
    }
    checkOldShare(run, envelope)
    const forgets = options.forgetKey === true
    if (forgets && run.terms.roster.some(({ card }) => card === cardCodec.digest(opened.key.card)))
      throw new CoreError(
        'HOLDER-STAYS',
        `${envelope.name} holds a share of epoch ${said.epoch} with this key`,
        'name the key file of the epoch that is left, or leave --forget-key out',
      )
    for (const line of epochLines(run)) say(line)
    if (run.terms.domain === 'production' && options.yes !== true && !(await askYes('Wipe the old share?')))
      throw new CoreError('REQUEST-DECLINED', 'you did not say yes; nothing was wiped')
    const paths = [options.share, statePath(options.share), ...(forgets ? [options.key] : [])]
    const received = forgets ? receivedPath(options.key) : null
    for (const path of paths) wipeFile(path)
    rmSync(lockPath(options.share), { force: true })
    if (received !== null) rmSync(received, { force: true })
    const kept = forgets
      ? ` with ${options.key}`
      : `; ${options.key} still opens its envelope, which the run and its bundle keep`
    return ended(options, 'wiped', envelope, `epoch ${said.epoch} is live: ${options.share} is wiped${kept}`)
  })
}

/** Errors: those of `readEpochRun`, `withShare` and `checkAborted`, HOLDER-EPOCH, HOLDER-PLAN, HOLDER-LEAVING, EPOCH-LIVE. */
async function keep(folder: string, options: EndOptions): Promise<Outcome> {
  const run = readEpochRun(folder, options.policy)
  if (existsSync(join(folder, 'fhe', 'epoch-live.json')))
    throw new CoreError('EPOCH-LIVE', 'the next epoch was declared live before the run ended')
  const { assembled } = checkAborted(run)
  return withShare(options, (opened) => {
    const { envelope, before } = opened
    checkOldShare(run, envelope)
    if (before.leaving === null)
      throw new CoreError('HOLDER-PLAN', 'you approved no run, and nothing is to be taken back')
    checkLeaving(run, before)
    const counted = assembled ? canaryOf(run) : { at64: 0, at128: 0 }
    keepState(options.share, keptState(before, counted), opened)
    const cost = counted.at64 + counted.at128
    const told = cost === 0 ? '' : `, less ${cost} blocks for the canary of the epoch that was given up`
    return ended(options, 'kept', envelope, `the run was aborted: ${options.share} answers again${told}`)
  })
}

/** What the canary of the epoch that was tried costs a holder of the one that stays, whether the log shows its answers or not. */
export function canaryOf({ terms, plan }: Pick<EpochRun, 'terms' | 'plan'>): HolderState['spent'] {
  const width = plan.fhe?.mode === 'F' ? 64 : 128
  const cost = triedCanaryCost({ t: terms.oldT, n: terms.old.length }, { t: terms.t, n: terms.n }, width)
  return width === 64 ? { at64: cost, at128: 0 } : { at64: 0, at128: cost }
}

export function keptState(before: HolderState, { at64, at128 }: HolderState['spent']): HolderState {
  const spent = { at64: before.spent.at64 + at64, at128: before.spent.at128 + at128 }
  return { ...before, spent, leaving: null }
}

function acknowledgementOf({ held, key }: Opened): string {
  const { payload, envelope } = heldProof(held, key)
  forgetEnvelope(envelope)
  const parsed = acknowledgementCodec.payload.parse(payload)
  if (!parsed.ok) throw refused(parsed)
  return acknowledgementCodec.payload.digest(parsed.value)
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
