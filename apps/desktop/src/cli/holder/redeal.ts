import { basename, dirname, join } from 'node:path'
import { type Redeal, redealCodec } from '@lux/ceremony/wire'
import { fromHex, sealTo, sha256Hex, toHex, wipe } from '@lux/crypto'
import {
  commitmentsDigest,
  forgetShare,
  parseCorrection,
  type Redealing,
  redealShare,
  verifyShare,
} from '@lux/crypto/fhe'
import { CoreError } from '@lux/node-files'
import type { Command } from 'commander'
import { correctionName, seedsName } from '../../core/runs/folder/places.ts'
import { systemEntropy } from '../../core/system.ts'
import { type Opened, withShare } from '../holder-opened.ts'
import {
  checkLeaving,
  checkOldShare,
  type EpochRun,
  epochLines,
  readApprovals,
  readEpochRun,
} from '../holder-run.ts'
import { checkSharePolicy } from '../share-policy.ts'
import { type CommandLine, refused } from '../shell/command-line.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { askYes } from '../shell/terminal.ts'
import { type EpochOptions, runFolderOf, withEpochOptions } from './approve-epoch.ts'

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
 * Errors: those of `readEpochRun`, `readApprovals`, `withShare` and `checkSharePolicy`, HOLDER-EPOCH, HOLDER-LEAVING,
 * HOLDER-UNPROVEN, HOLDER-DEALER, REQUEST-DECLINED, FHE-….
 */
async function redeal(path: string, options: EpochOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const run = readEpochRun(runFolderOf(path, options.run), options.policy)
  return withShare(options, async (opened) => {
    const { envelope, before } = opened
    checkSharePolicy(opened, options.policy, options.previousPolicy)
    checkOldShare(run, envelope)
    checkLeaving(run, before)
    readApprovals(run)
    const { holder, domain, epoch } = envelope.share.header
    if (!before.live) throw new CoreError('HOLDER-UNPROVEN', `epoch ${epoch} is not live itself`)
    if (!run.terms.dealers.includes(holder))
      throw new CoreError('HOLDER-DEALER', `the plan has ${run.plan.reshare?.dealers.join(', ')} deal`)
    const beside = (name: string) => join(dirname(options.out), name)
    const files = [correctionName(holder), ...run.terms.roster.map(({ index }) => seedsName(holder, index))]
    for (const name of files) mustBeNew(beside(name))
    for (const line of epochLines(run)) say(line)
    if (domain === 'production' && options.yes !== true && !(await askYes('Deal your part again?')))
      throw new CoreError('REQUEST-DECLINED', 'you did not say yes; nothing was dealt')
    const dealt = await dealtFor(run, opened)
    for (const { name, bytes } of dealt.files) writeNew(beside(name), bytes)
    writeNew(options.out, redealCodec.file.encode(dealt.document))
    return {
      exit: 0,
      json: { ok: true, redeal: options.out, files: files.map(beside), ...dealt.document.payload },
      text: [
        `${envelope.name} dealt for epoch ${run.terms.epoch}: ${options.out}`,
        ...files.map((name) => `  ${basename(name)}`),
      ].join('\n'),
    }
  })
}

async function dealtFor(run: EpochRun, { key, held, envelope }: Opened) {
  const { terms } = run
  const { holder } = envelope.share.header
  const { correction, sealed } = await sealedParts(run, held.pub, envelope.shareBytes)
  const { commitments } = parseCorrection(correction)
  const { domain, ceremonyId, planHash, keyId, oldEpochId, t, n } = terms
  const payload: Redeal = {
    ...{ v: 1, kind: 'redeal', domain, ceremonyId, planHash, keyId, oldEpochId, t, n },
    dealer: holder,
    name: envelope.name,
    correction: sha256Hex(correction),
    commitments: toHex(commitmentsDigest(commitments)),
    envelopes: sealed.map((bytes) => sha256Hex(bytes)),
  }
  const signatures = [redealCodec.sign(key.identity, payload, domain)]
  return {
    document: { payload, signatures },
    files: [
      { name: correctionName(holder), bytes: correction },
      ...sealed.map((bytes, at) => ({ name: seedsName(holder, at + 1), bytes })),
    ],
  }
}

/** The fresh seeds leave this function only sealed. */
async function sealedParts(
  { terms, plan, nextCard }: EpochRun,
  pub: Uint8Array,
  share: Uint8Array,
): Promise<{ correction: Uint8Array; sealed: Uint8Array[] }> {
  const verified = verifyShare(share, pub)
  if (!verified.ok) throw refused(verified)
  let dealt: Redealing | null = null
  try {
    const { t, n, dealers, planHash } = terms
    const recipients = (plan.reshare?.holders ?? []).map((name) => nextCard(name).recipient ?? '')
    const redealt = redealShare({
      verified: verified.value,
      dealers,
      to: { t, n },
      planHash: fromHex(planHash, 32),
      entropy: systemEntropy,
    })
    if (!redealt.ok) throw refused(redealt)
    dealt = redealt.value
    const sealed = await Promise.all(dealt.seedFiles.map((file, at) => sealTo([recipients[at] ?? ''], file)))
    return { correction: dealt.correction, sealed }
  } finally {
    forgetShare(verified.value.share)
    for (const file of dealt?.seedFiles ?? []) wipe(file)
  }
}
