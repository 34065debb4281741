import { join } from 'node:path'
import { fromHex, sha256Hex, toHex, wipe } from '@lux/crypto'
import {
  forgetShare,
  nextPublic,
  nextShare,
  parseCorrection,
  redealShare,
  type VerifiedShare,
  verifyShare,
} from '@lux/crypto/fhe'
import type { Command } from 'commander'
import { readBounded, writeDurably } from '../core/store/durable-file.ts'
import { checkEmpty, makeFolder } from '../core/store/new-folder.ts'
import { systemEntropy } from '../core/system-entropy.ts'
import { type CommandLine, count, refused } from './command-line.ts'
import { readPublicFile, readShareFile } from './fhe-files.ts'
import { bareRoster, onlyInCeremony, onlyRehearsal, zeros } from './fhe-reshare.ts'
import type { Outcome } from './output.ts'
import { WrongUse } from './wrong-use.ts'

type RedealOptions = {
  public: string
  share: string
  rehearsal?: boolean
  out: string
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

export function registerFheRedeal(group: Command, act: CommandLine['act']): void {
  group
    .command('redeal')
    .description(
      'One dealer’s own part of a reshare: a public correction, and secret seeds for each new holder.',
    )
    .requiredOption('--public <file>', 'public.bin of the present epoch')
    .requiredOption('--share <file>', 'the dealer’s own share')
    .option('--rehearsal', 'required here: the shares lie open in files')
    .requiredOption('--out <dir>', 'a new folder')
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

function redealPart(options: RedealOptions): Outcome {
  onlyRehearsal(options)
  checkEmpty(options.out)
  const share = readShareFile(options.share)
  try {
    const verified = verifyShare(share, readPublicFile(options.public))
    if (!verified.ok) throw refused(verified)
    try {
      return writePart(verified.value, options)
    } finally {
      forgetShare(verified.value.share)
    }
  } finally {
    wipe(share)
  }
}

function writePart(verified: VerifiedShare, options: RedealOptions): Outcome {
  if (verified.share.header.domain === 'production') throw onlyInCeremony()
  const redealt = redealShare({
    verified,
    dealers: options.dealers,
    to: { t: options.quorum, n: options.holders },
    planHash: planOption(options.plan),
    entropy: systemEntropy,
  })
  if (!redealt.ok) throw refused(redealt)
  const { correction: bytes, seedFiles } = redealt.value
  try {
    makeFolder(options.out)
    const q = verified.share.header.holder
    const correction = join(options.out, `correction-${q}.bin`)
    writeDurably(correction, bytes, 0o644)
    const seeds = seedFiles.map((file, i) => {
      const to = join(options.out, `seeds-${q}-to-${i + 1}.bin`)
      writeDurably(to, file, SECRET)
      return to
    })
    const digest = sha256Hex(bytes)
    return {
      exit: 0,
      json: { ok: true, dealer: q, correction, sha256: digest, seeds },
      text: [
        `${correction}  ${digest}`,
        ...seeds.map((file) => `${file}  SECRET, for that holder alone`),
      ].join('\n'),
    }
  } finally {
    for (const file of seedFiles) wipe(file)
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
  const at = (name: string) => join(options.out, name)
  const file = share === null ? null : at(`holder-${options.holder}.bin`)
  try {
    makeFolder(options.out)
    writeDurably(at('public.bin'), made.value.pub, 0o644)
    if (share !== null && file !== null) writeDurably(file, share, SECRET)
  } finally {
    if (share !== null) wipe(share)
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
  const seedFiles: Uint8Array[] = []
  try {
    for (const path of options.seeds ?? []) seedFiles.push(readBounded(path, maxSeeds))
    const share = nextShare({
      pub,
      corrections,
      seedFiles,
      holder,
      policyHash: new Uint8Array(32),
      budgets: { at64: 0, at128: options.budget ?? 0 },
    })
    if (!share.ok)
      throw refused(share, 'tell all others: a wrong seed ends the run, and a retry uses fresh ones')
    return share.value
  } finally {
    for (const file of seedFiles) wipe(file)
  }
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
