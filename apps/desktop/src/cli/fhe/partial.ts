import { wipe } from '@lux/crypto'
import { fheCanaryPartial, fhePartialDecrypt, parsePublic } from '@lux/crypto/fhe'
import { canaryNoiseLines, noiseLines } from '@lux/people'
import type { Command } from 'commander'
import { approve } from '../holder/approve.ts'
import { type CommandLine, refused, severalOf } from '../shell/command-line.ts'
import { ciphertextsAt, readPublicFile, readShareFile } from '../shell/fhe-files.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'

type PartialOptions = PassphraseOptions & {
  share: string
  public?: string
  ciphertext: string[]
  out: string
  rehearsal?: boolean
  canary?: boolean
  carried?: boolean
  request?: string
  key?: string
  policy?: string
}
export function registerFhePartial(group: Command, act: CommandLine['act']): void {
  withPassphrase(
    group
      .command('partial')
      .description('One holder’s part of a decryption, for ciphertexts of one width.')
      .requiredOption(
        '--share <file>',
        'holder-<i>.bin of a rehearsal, or with --request the file that receive wrote',
      )
      .option('--public <file>', 'public.bin of the same epoch; with --request it is in the share’s file')
      .requiredOption(
        '--ciphertext <file>',
        'as tfhe serializes them: FheUint, FheInt, FheBool, SquashedNoise…',
        severalOf,
      )
      .requiredOption('--out <file>', 'the answer, a new file (with --request also <file>.age)')
      .option('--rehearsal', 'bare files of a rehearsal: no request, nobody vouches, nothing is signed')
      .option(
        '--canary',
        'with --rehearsal: the answer to the one canary of a new epoch: 128 fresh blocks, or 64 squashed',
      )
      .option(
        '--carried',
        'with --rehearsal: all ciphertexts of this key are carried rounded (else none may be)',
      )
      .option('--request <file>', 'the signed and approved request')
      .option('--key <file>', 'with --request: your key file')
      .option('--policy <file>', 'with --request: the policy that you took by hand'),
  )
    .action((options: PartialOptions) => act(() => partial(options)))
    .addHelpText(
      'after',
      `
A squashed ciphertext has a block of 66 KB for each 4 bits (u8 131 KB, u64 1.05 MB, u256 4.2 MB), a fresh one a block
of 16.5 KB for each 2 bits. The answer has 64 B for each 3 squashed blocks, 32 B for each 3 fresh ones.
One is in memory at a time, of 10,000 at most.
Refused by name: with a key of mode S every ciphertext that is not squashed (FHE-NOT-SQUASHED); lists (FHE-BARE-LIST), the
Boolean API’s (FHE-BOOLEAN-API), what nobody vouches for (FHE-PROVENANCE-…), a spent budget (FHE-BUDGET). In mode F nothing
but its signed provenance tells a fresh ciphertext from a computed one, and a bare --rehearsal has none: it answers both. A bare share
keeps no record either: the budget bounds each answer by itself, and what was answered before is counted with --request alone.

Example:
  $ custody fhe partial --share dealt/holder-1.bin --public dealt/public.bin --ciphertext answer.bin --rehearsal --out 1.prt`,
    )
}

/** Errors: FHE-…, FILE-EXISTS; with a request those of `approve`. */
async function partial(options: PartialOptions): Promise<Outcome> {
  mustBeNew(options.out)
  if ((options.rehearsal === true) === (options.request !== undefined))
    throw new WrongUse('OPTION-REQUEST', 'an answer is either to --request or of a bare --rehearsal')
  if (options.request !== undefined && options.carried === true)
    throw new WrongUse(
      'OPTION-REQUEST',
      'with --request the policy says whether ciphertexts are carried rounded',
    )
  if (options.request !== undefined && options.canary === true)
    throw new WrongUse(
      'OPTION-REQUEST',
      'a request says by its provenance whether it is a canary: leave --canary out',
    )
  if (options.rehearsal === true && (options.key ?? options.policy) !== undefined)
    throw new WrongUse(
      'OPTION-REQUEST',
      '--key and --policy go with --request: a bare --rehearsal looks at neither',
    )
  if (options.request !== undefined) {
    const { share, key, policy, ciphertext, out } = options
    if (key === undefined || policy === undefined)
      throw new WrongUse('OPTION-REQUEST', 'an answer to a request needs --key and --policy')
    const { passphraseFd, passphraseFile } = options
    return approve(options.request, {
      ...(passphraseFd === undefined ? {} : { passphraseFd }),
      ...(passphraseFile === undefined ? {} : { passphraseFile }),
      share,
      key,
      policy,
      ciphertext,
      out,
      yes: false,
    })
  }
  if (options.public === undefined) throw new WrongUse('OPTION-PUBLIC', 'a bare share needs --public')
  if (options.canary === true) return canary(options.share, options.public, options)
  const share = readShareFile(options.share)
  const made = answered(share, options.public, options)
  if (!made.ok) throw refused(made)
  const { partial: bytes, spends, width, digests, types, lifeBits, ...noise } = made.value
  writeNew(options.out, bytes)
  return {
    exit: 0,
    json: {
      ok: true,
      partial: options.out,
      size: bytes.length,
      spends,
      width,
      digests,
      types,
      source: noise.source,
      blockBits: noise.blockBits,
      floorBits: noise.floorBits,
      belowFloor: noise.belowFloor,
      lifeBits,
    },
    text: [
      `${options.out}  ${bytes.length} bytes: ${types.join(', ')} in ${spends} blocks of ${width} bits`,
      ...noiseLines({ ...noise, lifeBits }, epochOf(options.public)).map(({ text }) => text),
      ...(width === 64 ? [bareNote(noise.blockBits)] : []),
    ].join('\n'),
  }
}

const epochOf = (pub: string) => parsePublic(readPublicFile(pub)).header.epoch

/** Bare files do not say who made a fresh ciphertext, and its maker decides how much noise is in it. */
function bareNote(bits: number): string {
  // The evaluated bound is that of THRESHOLD-FHE section 5: 2^52.4 against 2^17 of the client key, 2^25 of the public key.
  return `nobody vouches: ${bits + 8} bits where the client key made it, ${Math.max(0, bits - 27)} where it was computed`
}

function answered(share: Uint8Array, pub: string, { ciphertext, carried }: PartialOptions) {
  try {
    return fhePartialDecrypt({
      share,
      pub: readPublicFile(pub),
      ciphertexts: ciphertextsAt(ciphertext),
      authority: { rehearsal: true },
      answered: new Set(),
      spent: { at64: 0, at128: 0 },
      carrying: carried === true ? 'always' : 'never',
    })
  } finally {
    wipe(share)
  }
}

function canary(path: string, pub: string, { ciphertext, out, carried }: PartialOptions): Outcome {
  const share = readShareFile(path)
  try {
    const answer = fheCanaryPartial({
      share,
      pub: readPublicFile(pub),
      ciphertexts: [...ciphertextsAt(ciphertext)],
      authority: { rehearsal: true },
      carrying: carried === true ? 'always' : 'never',
    })
    if (!answer.ok) throw refused(answer)
    const { partial: bytes, ...said } = answer.value
    writeNew(out, bytes)
    return {
      exit: 0,
      json: { ok: true, partial: out, size: bytes.length, ...said },
      text: [
        `${out}  ${bytes.length} bytes: the canary, outside the budget`,
        ...canaryNoiseLines(said, epochOf(pub)).map(({ text }) => text),
      ].join('\n'),
    }
  } finally {
    wipe(share)
  }
}
