import { join } from 'node:path'
import { toHex, wipe } from '@lux/crypto'
import {
  type Budgets,
  carriedBudgets,
  checkCarried,
  isIntegerKey,
  nextPublic,
  nextShare,
  type PublicFile,
  parseCorrection,
  parsePublic,
  parseSeedFile,
} from '@lux/crypto/fhe'
import { forgetSeeds, MAX_HOLDERS } from '@lux/crypto/sharing'
import { readBounded, writeDurably } from '@lux/node-files'
import type { Command } from 'commander'
import { type CommandLine, count, refused, severalOf } from '../shell/command-line.ts'
import { inFile, readPublicFile } from '../shell/fhe-files.ts'
import type { Outcome } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { inKeyFolder } from './key-child.ts'
import { planOption } from './redeal.ts'
import { leftBeside, leftOfAll, silentLines } from './remaining-budget.ts'
import { bareRoster, lifeOf, onlyInCeremony, onlyRehearsal } from './reshare.ts'

type NextOptions = {
  public: string
  correction: string[]
  quorum: number
  holders: number
  plan?: string
  seeds?: string[]
  left?: string[]
  holder?: number
  budget?: number
  rehearsal?: boolean
  out: string
}

const SECRET = 0o600
const maxCorrection = 4 << 20
const maxSeeds = 1 << 20

export function registerFheNext(group: Command, act: CommandLine['act']): void {
  group
    .command('next')
    .description(
      'The public file of the next epoch out of all corrections; with --holder also that holder’s share.',
    )
    .requiredOption('--public <file>', 'public.bin of the epoch that is left')
    .requiredOption('--correction <file>', 'correction-<q>.bin of every dealer', severalOf)
    .requiredOption('--quorum <t>', 'of the new holders', count('--quorum', MAX_HOLDERS))
    .requiredOption('--holders <n>', 'new holders', count('--holders', MAX_HOLDERS))
    .option('--plan <sha256>', 'of the signed plan, hex; zeros by default')
    .option('--holder <i>', 'whose share to make', count('--holder', MAX_HOLDERS))
    .option('--seeds <file>', 'seeds-<q>-to-<i>.bin of every dealer', severalOf)
    .option('--left <file>', 'left-<q>.json of the holders who do not re-deal', severalOf)
    .option(
      '--budget <blocks>',
      'no more blocks of either width than this; what is carried over is never raised by it',
      count('--budget', 999_999_999),
    )
    .option('--rehearsal', 'required here: the share will lie open in a file')
    .requiredOption('--out <dir>', 'a new folder')
    .action((options: NextOptions) => act(() => inKeyFolder(options.out, () => next(options))))
    .addHelpText(
      'after',
      `
A wrong seed is refused as FHE-SEED-COMMITMENT with its dealer’s number: that is a complaint, and ends the run.

What the holders' shares could still answer is shared among the new ones, as "reshare" does: left-<q>.json says it. That of a
dealer belongs beside correction-<q>.bin, those of the others are named with --left, the same for every new holder. One without it
counts as having spent all, and a share that could answer nothing is refused (FHE-BUDGET-NONE).

Example:
  $ custody fhe next --public dealt/public.bin --correction 1/correction-1.bin --correction 3/correction-3.bin --quorum 2 --holders 3 \\
      --holder 2 --seeds 1/seeds-1-to-2.bin --seeds 3/seeds-3-to-2.bin --rehearsal --out mine`,
    )
}

/** Errors: FHE-OPEN-SHARES, those of `nextPublic`, `leftBeside`, `leftOfAll` and `nextShare`. */
function next(options: NextOptions): Outcome {
  if (options.holder !== undefined) onlyRehearsal(options)
  if (options.holder === undefined && options.seeds !== undefined)
    throw new WrongUse('OPTION-SHARE', '--seeds make the share of one holder: name whose by --holder')
  const pub = readPublicFile(options.public)
  const old = parsePublic(pub)
  if (old.header.domain === 'production') throw onlyInCeremony()
  const given = options.correction.map((path) => {
    const bytes = readBounded(path, maxCorrection)
    return { path, bytes, dealer: inFile(path, () => parseCorrection(bytes)).header.dealer }
  })
  const corrections = given.map(({ bytes }) => bytes)
  const dealers = given.map(({ dealer }) => dealer).sort((a, b) => a - b)
  const to = { t: options.quorum, n: options.holders }
  const made = nextPublic({
    pub,
    corrections,
    dealers,
    to,
    planHash: planOption(options.plan),
    roster: bareRoster(options.holders),
  })
  if (!made.ok) throw refused(made)
  const beside = given.flatMap(({ path, dealer }) => {
    const left = leftBeside(path, dealer, old)
    return left === null ? [] : [{ holder: dealer, left }]
  })
  const left = leftOfAll(beside, options.left ?? [], old)
  const budgets = budgetsOf(options, old, left)
  // What was never answered at 64 bits is of mode S; a key without a squash key answers nothing else.
  const fresh = old.pub128.length === 0 || left.some((one) => one !== null && one.at64 > 0)
  if (options.holder !== undefined && isIntegerKey(old)) {
    const enough = checkCarried(to, budgets, fresh ? 'F' : 'S')
    if (!enough.ok) throw refused(enough)
  }
  const files = { pub: made.value.pub, corrections, budgets }
  const share = options.holder === undefined ? null : ownShare(options, options.holder, files)
  const at = (name: string) => join(options.out, name)
  const file = share === null ? null : at(`holder-${options.holder}.bin`)
  try {
    writeDurably(at('public.bin'), made.value.pub, 0o644)
    if (share !== null && file !== null) writeDurably(file, share, SECRET)
  } finally {
    if (share !== null) wipe(share)
  }
  const epochId = toHex(made.value.epochId)
  return {
    exit: 0,
    json: {
      ok: true,
      epochId,
      public: at('public.bin'),
      share: file,
      dealers,
      ...(share === null ? {} : { budgets }),
    },
    text: [
      `epoch ${epochId}`,
      at('public.bin'),
      ...(file === null ? [] : [`${file}  SECRET`, ...lifeOf(isIntegerKey(old), to, budgets)]),
      ...(file === null || !isIntegerKey(old) ? [] : silentLines(left)),
    ].join('\n'),
  }
}

/** As `reshare` carries them, and never raised. */
function budgetsOf(
  { quorum, holders, budget }: NextOptions,
  old: PublicFile,
  left: readonly (Budgets | null)[],
): Budgets {
  const { t, n } = old.header
  const to = { t: quorum, n: holders }
  const carried = carriedBudgets({ from: { t, n }, to, left, squash: old.pub128.length > 0 })
  const most = budget ?? Number.POSITIVE_INFINITY
  return { at64: Math.min(carried.at64, most), at128: Math.min(carried.at128, most) }
}

type NextEpochFiles = {
  readonly pub: Uint8Array
  readonly corrections: readonly Uint8Array[]
  readonly budgets: Budgets
}

function ownShare(
  options: NextOptions,
  holder: number,
  { pub, corrections, budgets }: NextEpochFiles,
): Uint8Array {
  const seedFiles: Uint8Array[] = []
  try {
    for (const path of options.seeds ?? []) {
      const file = readBounded(path, maxSeeds)
      seedFiles.push(file)
      forgetSeeds(inFile(path, () => parseSeedFile(file)).seeds)
    }
    const share = nextShare({
      pub,
      corrections,
      seedFiles,
      holder,
      policyHash: new Uint8Array(32),
      budgets,
    })
    if (!share.ok) throw refused(share, remedyOf(share.rule))
    return share.value
  } finally {
    for (const file of seedFiles) wipe(file)
  }
}

/** Only a seed that is not the one committed to is its dealer's fault; anything else may be a file named wrongly here. */
function remedyOf(rule: string): string | undefined {
  return rule === 'FHE-SEED-COMMITMENT'
    ? 'tell all others: a wrong seed ends the run, and a retry uses fresh ones'
    : undefined
}
