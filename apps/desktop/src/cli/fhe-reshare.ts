import { join } from 'node:path'
import { fromHex, sha256Hex, toHex, wipe } from '@lux/crypto'
import {
  carriedBudgets,
  nextPublic,
  nextShare,
  parseCorrection,
  parsePublic,
  parseShare,
  redealShare,
  rotateFheKey,
  verifyShare,
} from '@lux/crypto/fhe'
import { checkQuorum, type Quorum } from '@lux/crypto/sharing'
import type { Command } from 'commander'
import { CoreError } from '../core/core-error.ts'
import { readBounded, writeDurably } from '../core/store/durable-file.ts'
import { checkEmpty, makeFolder } from '../core/store/new-folder.ts'
import { systemEntropy } from '../core/system-entropy.ts'
import { type CommandLine, count, refused } from './command-line.ts'
import { readPublicFile, readShareFile } from './fhe-files.ts'
import type { Outcome } from './output.ts'
import { WrongUse } from './wrong-use.ts'

type Common = { public: string; share: string[]; rehearsal?: boolean; out: string }
type ReshareOptions = Common & { quorum: number; holders: number }
type RemoveOptions = Common & { holder: number }
type RedealOptions = Common & {
  share: string[]
  dealers: number[]
  quorum: number
  holders: number
  plan?: string
}
type NextOptions = {
  public: string
  correction: string[]
  quorum: number
  holders: number
  plan?: string
  seeds?: string[]
  holder?: number
  budget?: number
  rehearsal?: boolean
  out: string
}

const SECRET = 0o600
const maxCorrection = 4 << 20
const maxSeeds = 1 << 20
const zeros = '0'.repeat(64)

export function registerFheReshare(group: Command, act: CommandLine['act']): void {
  const common = (command: Command) =>
    command
      .requiredOption('--public <file>', 'public.bin of the present epoch')
      .requiredOption('--share <file...>', 'the shares of exactly T holders, who re-deal')
      .option('--rehearsal', 'required here: the shares lie open in files')
      .requiredOption('--out <dir>', 'a new folder')
  common(group.command('reshare'))
    .description('Move a key to new holders and a new quorum without ever putting it together, for training.')
    .requiredOption('--quorum <t>', 'how many of the new holders decrypt', count('--quorum', 15))
    .requiredOption('--holders <n>', 'how many new holders there are', count('--holders', 15))
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

Example:
  $ custody fhe reshare --public dealt/public.bin --share dealt/holder-1.bin dealt/holder-3.bin \\
      --quorum 3 --holders 5 --rehearsal --out next`,
    )
  common(group.command('refresh'))
    .description('Fresh shares for the same holders: what was stolen before is worth nothing after.')
    .action((options: Common) => act(() => rotate(options, (now) => now)))
    .addHelpText('after', example('refresh', ''))
  common(group.command('remove'))
    .description('Fresh shares for all holders but one; those after it move up by one number.')
    .requiredOption('--holder <i>', 'who is removed', count('--holder', 15))
    .action((options: RemoveOptions) => act(() => rotate(options, (now) => without(now, options))))
    .addHelpText('after', example('remove', ' --holder 2'))
  common(group.command('redeal'))
    .description(
      'One dealer’s own part of a reshare: a public correction, and secret seeds for each new holder.',
    )
    .requiredOption(
      '--dealers <list>',
      'all that re-deal, such as 1,3: the same for everybody',
      holdersOption,
    )
    .requiredOption('--quorum <t>', 'of the new holders', count('--quorum', 15))
    .requiredOption('--holders <n>', 'new holders', count('--holders', 15))
    .option('--plan <sha256>', 'of the signed plan, hex; zeros by default')
    .action((options: RedealOptions) => act(() => redealPart(options)))
    .addHelpText(
      'after',
      `
Writes correction-<q>.bin and seeds-<q>-to-<i>.bin (secret, for holder i alone; destroy them once handed over).

Example:
  $ custody fhe redeal --public dealt/public.bin --share dealt/holder-1.bin --dealers 1,3 --quorum 2 --holders 3 \\
      --rehearsal --out part-1`,
    )
  group
    .command('next')
    .description(
      'The public file of the next epoch out of all corrections; with --holder also that holder’s share.',
    )
    .requiredOption('--public <file>', 'public.bin of the epoch that is left')
    .requiredOption('--correction <file...>', 'correction-<q>.bin of every dealer')
    .requiredOption('--quorum <t>', 'of the new holders', count('--quorum', 15))
    .requiredOption('--holders <n>', 'new holders', count('--holders', 15))
    .option('--plan <sha256>', 'of the signed plan, hex; zeros by default')
    .option('--holder <i>', 'whose share to make', count('--holder', 15))
    .option('--seeds <file...>', 'seeds-<q>-to-<i>.bin of every dealer')
    .option(
      '--budget <blocks>',
      'squashed blocks that the new share may answer, 0 by default',
      count('--budget', 999_999_999),
    )
    .option('--rehearsal', 'required here: the share will lie open in a file')
    .requiredOption('--out <dir>', 'a new folder')
    .action((options: NextOptions) => act(() => next(options)))
    .addHelpText(
      'after',
      `
A wrong seed is refused as FHE-SEED-COMMITMENT with its dealer’s number: that is a complaint, and ends the run.

Example:
  $ custody fhe next --public dealt/public.bin --correction 1/correction-1.bin 3/correction-3.bin --quorum 2 --holders 3 \\
      --holder 2 --seeds 1/seeds-1-to-2.bin 3/seeds-3-to-2.bin --rehearsal --out mine`,
    )
}

const example = (verb: string, more: string) => `
Writes public.bin, holder-<i>.bin (secret) and correction-<q>.bin.

Example:
  $ custody fhe ${verb} --public dealt/public.bin --share dealt/holder-1.bin dealt/holder-3.bin${more} \\
      --rehearsal --out next`

/** Errors: FHE-WHOLE-KEY, FHE-DEALERS, FHE-QUORUM-…, and the others of `rotateFheKey`. */
function rotate(options: Common, target: (now: Quorum) => Quorum): Outcome {
  onlyRehearsal(options)
  checkEmpty(options.out)
  const pub = readPublicFile(options.public)
  const { header, pub128 } = parsePublic(pub)
  const to = checkQuorum(target({ t: header.t, n: header.n }))
  if (!to.ok) throw refused(to)
  const shares = options.share.map(readShareFile)
  try {
    const parsed = shares.map(parseShare)
    if (header.domain === 'production') throw onlyInCeremony()
    const left = Array.from(
      { length: header.n },
      (_, i) => parsed.find((share) => share.header.holder === i + 1)?.budgets ?? null,
    )
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
    makeFolder(options.out)
    const at = (name: string) => join(options.out, name)
    writeDurably(at('public.bin'), rotated.value.pub, 0o644)
    for (const correction of corrections) {
      writeDurably(at(`correction-${parseCorrection(correction).header.dealer}.bin`), correction, 0o644)
    }
    const files = made.map((share, i) => {
      writeDurably(at(`holder-${i + 1}.bin`), share, SECRET)
      wipe(share)
      return at(`holder-${i + 1}.bin`)
    })
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
        `any ${to.value.t} of ${to.value.n} decrypt; each may answer ${budgets.at128} squashed blocks, ${budgets.at64} fresh ones`,
        ...files.map((file) => `${file}  SECRET`),
        'unproven until "custody fhe audit" passes: keep the old shares until then',
      ].join('\n'),
    }
  } finally {
    for (const share of shares) wipe(share)
  }
}

function redealPart(options: RedealOptions): Outcome {
  onlyRehearsal(options)
  checkEmpty(options.out)
  const [path, ...more] = options.share
  if (path === undefined || more.length > 0)
    throw new WrongUse('OPTION-SHARE', 'one dealer re-deals one share')
  const verified = verifyShare(readShareFile(path), readPublicFile(options.public))
  if (!verified.ok) throw refused(verified)
  if (verified.value.share.header.domain === 'production') throw onlyInCeremony()
  const redealt = redealShare({
    verified: verified.value,
    dealers: options.dealers,
    to: { t: options.quorum, n: options.holders },
    planHash: planOption(options.plan),
    entropy: systemEntropy,
  })
  if (!redealt.ok) throw refused(redealt)
  makeFolder(options.out)
  const q = verified.value.share.header.holder
  const correction = join(options.out, `correction-${q}.bin`)
  writeDurably(correction, redealt.value.correction, 0o644)
  const seeds = redealt.value.seedFiles.map((file, i) => {
    const to = join(options.out, `seeds-${q}-to-${i + 1}.bin`)
    writeDurably(to, file, SECRET)
    wipe(file)
    return to
  })
  const digest = sha256Hex(redealt.value.correction)
  return {
    exit: 0,
    json: { ok: true, dealer: q, correction, sha256: digest, seeds },
    text: [`${correction}  ${digest}`, ...seeds.map((file) => `${file}  SECRET, for that holder alone`)].join(
      '\n',
    ),
  }
}

function next(options: NextOptions): Outcome {
  checkEmpty(options.out)
  const pub = readPublicFile(options.public)
  const corrections = options.correction.map((path) => readBounded(path, maxCorrection))
  const dealers = corrections.map((bytes) => parseCorrection(bytes).header.dealer).sort((a, b) => a - b)
  const made = nextPublic({
    pub,
    corrections,
    dealers,
    to: { t: options.quorum, n: options.holders },
    planHash: planOption(options.plan),
    roster: bareRoster(options.holders),
  })
  if (!made.ok) throw refused(made)
  const share =
    options.holder === undefined ? null : ownShare(options, options.holder, made.value.pub, corrections)
  makeFolder(options.out)
  const at = (name: string) => join(options.out, name)
  writeDurably(at('public.bin'), made.value.pub, 0o644)
  const file = share === null ? null : at(`holder-${options.holder}.bin`)
  if (share !== null && file !== null) {
    writeDurably(file, share, SECRET)
    wipe(share)
  }
  const epochId = toHex(made.value.epochId)
  return {
    exit: 0,
    json: { ok: true, epochId, public: at('public.bin'), share: file, dealers },
    text: [`epoch ${epochId}`, at('public.bin'), ...(file === null ? [] : [`${file}  SECRET`])].join('\n'),
  }
}

function ownShare(
  options: NextOptions,
  holder: number,
  pub: Uint8Array,
  corrections: readonly Uint8Array[],
): Uint8Array {
  onlyRehearsal(options)
  const seedFiles = (options.seeds ?? []).map((path) => readBounded(path, maxSeeds))
  const share = nextShare({
    pub,
    corrections,
    seedFiles,
    holder,
    policyHash: new Uint8Array(32),
    budgets: { at64: 0, at128: options.budget ?? 0 },
  })
  for (const file of seedFiles) wipe(file)
  if (!share.ok)
    throw refused(share, 'tell all others: a wrong seed ends the run, and a retry uses fresh ones')
  return share.value
}

function without({ t, n }: Quorum, { holder, share }: RemoveOptions): Quorum {
  if (holder < 1 || holder > n)
    throw new CoreError('FHE-HOLDER-RANGE', `holder ${holder} is not one of 1 to ${n}`)
  for (const path of share) {
    const bytes = readShareFile(path)
    const own = parseShare(bytes).header.holder
    wipe(bytes)
    if (own === holder)
      throw new CoreError('FHE-DEALERS', `${path} is of the holder who is removed`, 'name T shares of others')
  }
  return { t, n: n - 1 }
}

const bareRoster = (n: number) => Array.from({ length: n }, (_, i) => ({ index: i + 1, name: '', card: '' }))

function onlyRehearsal({ rehearsal }: { rehearsal?: boolean }): void {
  if (rehearsal !== true) throw onlyInCeremony()
}

function onlyInCeremony(): CoreError {
  return new CoreError(
    'FHE-OPEN-SHARES',
    'production shares never lie open in files: they are reshared inside a ceremony',
    'run the ceremony, or add --rehearsal for training',
  )
}

function planOption(text = zeros): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new WrongUse('OPTION-PLAN', `--plan ${text}: expected 64 hexadecimal digits`)
  return fromHex(text)
}

function holdersOption(text: string): number[] {
  if (!/^\d{1,2}(,\d{1,2})*$/.test(text))
    throw new WrongUse('OPTION-DEALERS', `--dealers ${text}: expected such as 1,3`)
  return text.split(',').map(Number)
}
