import { join } from 'node:path'
import { fromHex, sha256Hex, wipe } from '@lux/crypto'
import { forgetShare, isIntegerKey, redealShare, type VerifiedShare, verifyShare } from '@lux/crypto/fhe'
import { MAX_HOLDERS } from '@lux/crypto/sharing'
import { writeDurably } from '@lux/node-files'
import type { Command } from 'commander'
import { systemEntropy } from '../../core/system.ts'
import { type CommandLine, count, refused } from '../shell/command-line.ts'
import { readPublicFile, readShareFile } from '../shell/fhe-files.ts'
import type { Outcome } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { inKeyFolder } from './key-child.ts'
import { writeLeft } from './remaining-budget.ts'
import { onlyInCeremony, onlyRehearsal, zeros } from './reshare.ts'

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

const SECRET = 0o600

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
    .requiredOption('--quorum <t>', 'of the new holders', count('--quorum', MAX_HOLDERS))
    .requiredOption('--holders <n>', 'new holders', count('--holders', MAX_HOLDERS))
    .option('--plan <sha256>', 'of the signed plan, hex; zeros by default')
    .action((options: RedealOptions) => act(() => inKeyFolder(options.out, () => redealPart(options))))
    .addHelpText(
      'after',
      `
Writes correction-<q>.bin and left-<q>.json, what your share may still answer, for everybody, and seeds-<q>-to-<i>.bin
(secret, for holder i alone; destroy them once handed over).

Example:
  $ custody fhe redeal --public dealt/public.bin --share dealt/holder-1.bin --dealers 1,3 --quorum 2 --holders 3 \\
      --rehearsal --out part-1`,
    )
}

function redealPart(options: RedealOptions): Outcome {
  onlyRehearsal(options)
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
    const q = verified.share.header.holder
    const correction = join(options.out, `correction-${q}.bin`)
    writeDurably(correction, bytes, 0o644)
    const { budgets } = verified.share
    const left = writeLeft(options.out, verified.share.header, budgets)
    const seeds = seedFiles.map((file, i) => {
      const to = join(options.out, `seeds-${q}-to-${i + 1}.bin`)
      writeDurably(to, file, SECRET)
      return to
    })
    const digest = sha256Hex(bytes)
    return {
      exit: 0,
      json: { ok: true, dealer: q, correction, sha256: digest, left, budgets, seeds },
      text: [
        `${correction}  ${digest}`,
        isIntegerKey(verified.pub)
          ? `${left}  ${budgets.at128} squashed blocks, ${budgets.at64} fresh ones`
          : left,
        ...seeds.map((file) => `${file}  SECRET, for that holder alone`),
      ].join('\n'),
    }
  } finally {
    for (const file of seedFiles) wipe(file)
  }
}

/** Errors: OPTION-PLAN. */
export function planOption(text = zeros): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new WrongUse('OPTION-PLAN', `--plan ${text}: expected 64 hexadecimal digits`)
  return fromHex(text)
}

function holdersOption(text: string): number[] {
  if (!/^\d{1,2}(,\d{1,2})*$/.test(text))
    throw new WrongUse('OPTION-DEALERS', `--dealers ${text}: expected such as 1,3`)
  return text.split(',').map(Number)
}
