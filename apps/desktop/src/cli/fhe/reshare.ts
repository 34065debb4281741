import { join } from 'node:path'
import { fromHex, toHex, wipe } from '@lux/crypto'
import {
  type Budgets,
  carriedBudgets,
  forgetShare,
  isIntegerKey,
  parseCorrection,
  parsePublic,
  parseShare,
  rotateFheKey,
} from '@lux/crypto/fhe'
import { checkDealers, checkQuorum, MAX_HOLDERS, type Quorum } from '@lux/crypto/sharing'
import { ExpectedError, writeDurably } from '@lux/node-files'
import type { Command } from 'commander'

import { systemEntropy } from '../../core/system.ts'
import { type CommandLine, count, refused, severalOf } from '../shell/command-line.ts'

import { inFile, readPublicFile, readShareFile } from '../shell/fhe-files.ts'
import type { Outcome } from '../shell/output.ts'
import { inKeyFolder } from './key-child.ts'
import { leftOfAll, type Said, silentLines } from './remaining-budget.ts'

type Common = { public: string; share: string[]; left?: string[]; rehearsal?: boolean; out: string }
type ReshareOptions = Common & { quorum: number; holders: number }
type RemoveOptions = Common & { holder: number }

const SECRET = 0o600
export const zeros = '0'.repeat(64)

export function registerFheReshare(group: Command, act: CommandLine['act']): void {
  const common = (command: Command) =>
    command
      .requiredOption('--public <file>', 'public.bin of the present epoch')
      .requiredOption('--share <file>', 'the shares of exactly T holders, who re-deal', severalOf)
      .option(
        '--left <file>',
        'left-<q>.json of the other holders: who says nothing counts as having spent all',
        severalOf,
      )
      .option('--rehearsal', 'required here: the shares lie open in files')
      .requiredOption('--out <dir>', 'a new folder')
  common(group.command('reshare'))
    .description('Move a key to new holders and a new quorum without ever putting it together, for training.')
    .requiredOption('--quorum <t>', 'how many of the new holders decrypt', count('--quorum', MAX_HOLDERS))
    .requiredOption('--holders <n>', 'how many new holders there are', count('--holders', MAX_HOLDERS))
    .action((options: ReshareOptions) =>
      act(() => rotate(options, () => ({ t: options.quorum, n: options.holders }))),
    )
    .addHelpText(
      'after',
      `
Writes public.bin, holder-1.bin … holder-N.bin (secret) and correction-<q>.bin of each that re-dealt. A share grows by
the old T: 11 KB at 5 of 9, 207 KB at 7 of 13, 879 KB at 8 of 15. In earnest each dealer runs "redeal" alone and each
new holder "next"; a ceremony leads them through it. Old shares stay until "audit" passes, and are then destroyed:
nobody can prove that they were.

What the holders have left is shared among the new ones, less a canary; one who neither re-deals nor says it with --left counts as
having spent all. Shares that could answer nothing are refused (FHE-BUDGET-NONE): keep the old ones.

Example:
  $ custody fhe reshare --public dealt/public.bin --share dealt/holder-1.bin --share dealt/holder-3.bin \\
      --quorum 3 --holders 5 --rehearsal --out next`,
    )
  common(group.command('refresh'))
    .description('Fresh shares for the same holders: what was stolen before is worth nothing after.')
    .action((options: Common) => act(() => rotate(options, (now) => now)))
    .addHelpText('after', example('refresh', ''))
  common(group.command('remove'))
    .description('Fresh shares for all holders but one; those after it move up by one number.')
    .requiredOption('--holder <i>', 'who is removed', count('--holder', MAX_HOLDERS))
    .action((options: RemoveOptions) => act(() => rotate(options, (now) => without(now, options))))
    .addHelpText('after', example('remove', ' --holder 2'))
}

const example = (verb: string, more: string) => `
Writes public.bin, holder-<i>.bin (secret) and correction-<q>.bin.

Example:
  $ custody fhe ${verb} --public dealt/public.bin --share dealt/holder-1.bin --share dealt/holder-3.bin${more} \\
      --rehearsal --out next`

/** Errors: FHE-WHOLE-KEY, FHE-DEALERS, FHE-QUORUM-…, and the others of `leftOfAll` and `rotateFheKey`. */
const rotate = (options: Common, target: (now: Quorum) => Quorum): Promise<Outcome> =>
  inKeyFolder(options.out, () => rotateInto(options, target))

function rotateInto(options: Common, target: (now: Quorum) => Quorum): Outcome {
  onlyRehearsal(options)
  const pub = readPublicFile(options.public)
  const parsedPublic = parsePublic(pub)
  const { header, pub128 } = parsedPublic
  const to = checkQuorum(target({ t: header.t, n: header.n }))
  if (!to.ok) throw refused(to)
  const shares: Uint8Array[] = []
  try {
    for (const path of options.share) shares.push(readShareFile(path))
    const parsed = shares.map((bytes, i) => {
      const share = inFile(options.share[i] ?? '', () => parseShare(bytes))
      forgetShare(share)
      return share
    })
    if (header.domain === 'production') throw onlyInCeremony()
    const dealers = parsed.map((share) => ({ holder: share.header.holder, left: share.budgets }))
    checkShares(header, dealers)
    const left = leftOfAll(dealers, options.left ?? [], parsedPublic)
    const budgets = carriedBudgets({ from: header, to: to.value, left, squash: pub128.length > 0 })
    const rotated = rotateFheKey({
      pub,
      shares,
      to: to.value,
      roster: bareRoster(to.value.n),
      planHash: fromHex(zeros),
      policyHash: new Uint8Array(32),
      budgets,
      entropy: systemEntropy,
    })
    if (!rotated.ok) throw refused(rotated)
    const { shares: made, corrections, epochId } = rotated.value
    const at = (name: string) => join(options.out, name)
    const files = made.map((_, i) => at(`holder-${i + 1}.bin`))
    try {
      writeDurably(at('public.bin'), rotated.value.pub, 0o644)
      for (const correction of corrections) {
        writeDurably(at(`correction-${parseCorrection(correction).header.dealer}.bin`), correction, 0o644)
      }
      for (const [i, share] of made.entries()) writeDurably(at(`holder-${i + 1}.bin`), share, SECRET)
    } finally {
      for (const share of made) wipe(share)
    }
    return {
      exit: 0,
      json: {
        ok: true,
        epoch: header.epoch + 1,
        epochId: toHex(epochId),
        ...to.value,
        budgets,
        public: at('public.bin'),
        shares: files,
      },
      text: [
        `epoch ${header.epoch + 1}  ${toHex(epochId)}`,
        ...lifeOf(isIntegerKey(parsedPublic), to.value, budgets),
        ...(isIntegerKey(parsedPublic) ? silentLines(left) : []),
        ...files.map((file) => `${file}  SECRET`),
        isIntegerKey(parsedPublic)
          ? 'unproven until "custody fhe audit" passes: keep the old shares until then'
          : 'unproven until "custody fhe recover" of them gives the same key: keep the old shares until then',
      ].join('\n'),
    }
  } finally {
    for (const share of shares) wipe(share)
  }
}

/** That they are of exactly T different holders, before anything is reckoned from what they have left. Errors: FHE-DEALERS. */
function checkShares(from: Quorum, dealers: readonly Said[]): void {
  const holders = dealers.map(({ holder }) => holder).sort((a, b) => a - b)
  const chosen = checkDealers(from, holders)
  if (!chosen.ok)
    throw refused(chosen, `name the shares of exactly ${from.t} different holders of this epoch by --share`)
}

/** What the shares of a new epoch are for, and how much of it. */
export function lifeOf(integer: boolean, { t, n }: Quorum, budgets: Budgets): string[] {
  if (!integer) return [`any ${t} of ${n} recover the TFHE_BINARY key; nothing is decrypted with its shares`]
  return [
    `any ${t} of ${n} decrypt; each may answer ${budgets.at128} squashed blocks, ${budgets.at64} fresh ones`,
  ]
}

function without({ t, n }: Quorum, { holder, share }: RemoveOptions): Quorum {
  if (holder < 1 || holder > n)
    throw new ExpectedError('FHE-HOLDER-RANGE', `holder ${holder} is not one of 1 to ${n}`)
  for (const path of share) {
    if (holderOf(path) === holder)
      throw new ExpectedError('FHE-DEALERS', `${path} is of the holder who is removed`)
  }
  return { t, n: n - 1 }
}

function holderOf(path: string): number {
  const bytes = readShareFile(path)
  try {
    const share = inFile(path, () => parseShare(bytes))
    forgetShare(share)
    return share.header.holder
  } finally {
    wipe(bytes)
  }
}

export const bareRoster = (n: number) =>
  Array.from({ length: n }, (_, i) => ({ index: i + 1, name: '', card: '' }))

export function onlyRehearsal({ rehearsal }: { rehearsal?: boolean }): void {
  if (rehearsal !== true) throw onlyInCeremony()
}

export function onlyInCeremony(): ExpectedError {
  return new ExpectedError(
    'FHE-OPEN-SHARES',
    'production shares never lie open in files: they are reshared inside a ceremony',
  )
}
