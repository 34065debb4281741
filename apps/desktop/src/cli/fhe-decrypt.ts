import { statSync } from 'node:fs'
import { cardCodec, requestDigest, requestPackageCodec } from '@lux/ceremony/wire'
import { equalBytes, fromHex, fromUtf8, openWith, wipe } from '@lux/crypto'
import {
  answerCanary,
  barePartial,
  type Carrying,
  fhePartialDecrypt,
  fheThresholdDecrypt,
  forgetShare,
  parsePublic,
  rosterDigest,
  verifyShare,
} from '@lux/crypto/fhe'
import type { Command } from 'commander'
import { CoreError } from '../core/core-error.ts'
import { readBounded } from '../core/store/durable-file.ts'
import { type CommandLine, refused } from './command-line.ts'
import {
  ciphertextAt,
  readCiphertextFile,
  readPartialFile,
  readPublicFile,
  readShareFile,
  valuesJson,
} from './fhe-files.ts'
import { mustBeNew, readCard, readParsed, writeNew } from './files.ts'
import { approve } from './holder-decide.ts'
import type { Outcome } from './output.ts'
import { type PassphraseOptions, withPassphrase } from './secret-input.ts'
import { WrongUse } from './wrong-use.ts'

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
type CombineOptions = {
  public: string
  ciphertext: string[]
  identity?: string
  request?: string
  card?: string[]
}

const maxRequest = 16 << 20
const maxIdentity = 1 << 16

export function registerFheDecrypt(group: Command, act: CommandLine['act']): void {
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
        '--ciphertext <file...>',
        'as tfhe serializes them: FheUint, FheInt, FheBool, SquashedNoise…',
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
Refused by name: computed ciphertexts that are not squashed (FHE-FLOOD-FLOOR, FHE-BUDGET), lists (FHE-BARE-LIST), the
Boolean API’s (FHE-BOOLEAN-API), what nobody vouches for (FHE-PROVENANCE-…), a spent budget (FHE-BUDGET).

Example:
  $ custody fhe partial --share dealt/holder-1.bin --public dealt/public.bin --ciphertext sum.bin --rehearsal --out 1.prt`,
    )
  group
    .command('combine')
    .argument('<partial...>', 'answers of at least T holders, .prt or sealed .age')
    .description('Put holders’ answers together to the plaintext.')
    .requiredOption('--public <file>', 'public.bin of their epoch')
    .requiredOption('--ciphertext <file...>', 'the same, in the same order')
    .option(
      '--identity <file>',
      'the combiner’s age identity (AGE-SECRET-KEY-PQ-…), mode 0600, to open sealed answers',
    )
    .option('--request <file>', 'the request that they answer')
    .option(
      '--card <file...>',
      'the cards of all holders in order; needed for all but bare rehearsal answers',
    )
    .action((partials: string[], options: CombineOptions) => act(() => combine(partials, options)))
    .addHelpText(
      'after',
      `
What it says depends on how many answered, T being the quorum: with T answers the value is not verified against a
malicious holder; with 2T-1 it is verified against any T-1; with 3T-2 wrong answers are corrected and their holders
named, which holds if at most T-1 cheat. Answers that disagree below that give no value: FHE-INCONSISTENT, exit 1.
As JSON: {"type", "value" (a string), "verified", "cheaters", "claim"}, and "results" where there are several.

Example:
  $ custody fhe combine 1.prt 3.prt --public dealt/public.bin --ciphertext sum.bin`,
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
  const { partial: bytes, spends, width, digests, types, blockBits, lifeBits } = made.value
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
      blockBits,
      lifeBits,
    },
    text: [
      `${options.out}  ${bytes.length} bytes: ${types.join(', ')} in ${spends} blocks of ${width} bits`,
      `noise hides each block by ${hides(width, blockBits)} bits; after these blocks at most ${lifeBits.toFixed(1)} are left (floor 20)`,
    ].join('\n'),
  }
}

/** Bare files do not say who made a fresh ciphertext, and its maker decides how much noise is in it. */
function hides(width: 64 | 128, bits: number): string {
  if (width === 128) return String(bits)
  // The evaluated bound is that of THRESHOLD-FHE section 5: 2^52.4 against 2^17 fresh, 2^25 of the public key.
  return `at most ${bits}; about ${bits - 8} where the public key made it, ${Math.max(0, bits - 35)} where it was computed`
}

function answered(share: Uint8Array, pub: string, { ciphertext, carried }: PartialOptions) {
  try {
    return fhePartialDecrypt({
      share,
      pub: readPublicFile(pub),
      ciphertexts: ciphertext.map(readCiphertextFile),
      authority: { rehearsal: true },
      answered: new Set(),
      spent: { at64: 0, at128: 0 },
      carrying: carried === true ? 'always' : 'never',
    })
  } finally {
    wipe(share)
  }
}

function canary(share: string, pub: string, { ciphertext, out, carried }: PartialOptions): Outcome {
  const bytes = canaryPartial(share, pub, ciphertext, carried === true ? 'always' : 'never')
  writeNew(out, bytes)
  return {
    exit: 0,
    json: { ok: true, partial: out, size: bytes.length },
    text: `${out}  ${bytes.length} bytes`,
  }
}

function canaryPartial(path: string, pub: string, files: readonly string[], carrying: Carrying): Uint8Array {
  const share = readShareFile(path)
  try {
    const verified = verifyShare(share, readPublicFile(pub))
    if (!verified.ok) throw refused(verified)
    try {
      const ciphertexts = files.map((file) => ciphertextAt(file).ciphertext)
      const trust = { rehearsal: true } as const
      const answer = answerCanary(verified.value, ciphertexts, new Uint8Array(32), trust, carrying)
      if (!answer.ok) throw refused(answer)
      if (answer.value.header.domain === 'production')
        throw new CoreError('FHE-WHOLE-KEY', 'a production canary is answered in its ceremony')
      return barePartial(answer.value)
    } finally {
      forgetShare(verified.value.share)
    }
  } finally {
    wipe(share)
  }
}

/** Errors: FHE-INCONSISTENT and the other FHE- rules, REQUEST-MALFORMED, SEAL-…, CARD-…. */
async function combine(paths: readonly string[], options: CombineOptions): Promise<Outcome> {
  const pub = readPublicFile(options.public)
  const request =
    options.request === undefined ? null : readParsed(options.request, requestPackageCodec, maxRequest)
  const partials = await Promise.all(paths.map((path) => openPartial(path, options.identity)))
  const combined = fheThresholdDecrypt({
    pub,
    ciphertexts: options.ciphertext.map((path) => ciphertextAt(path).bytes),
    partials,
    ...(request === null ? {} : { requestDigest: fromHex(requestDigest(request.request.payload), 32) }),
    ...(options.card === undefined ? {} : { holders: holderKeys(pub, options.card) }),
  })
  if (!combined.ok) throw refused(combined, remedyOf(combined.rule))
  const { types, values, verified, cheaters, claim } = combined.value
  const results = valuesJson(types, values)
  return {
    exit: 0,
    json: {
      ok: true,
      ...(results.length === 1 ? Object(results[0]) : {}),
      results,
      verified,
      cheaters,
      claim,
    },
    text: [...values.map((value, i) => `${types[i]}  ${value}`), claim].join('\n'),
  }
}

function remedyOf(rule: string): string | undefined {
  if (rule === 'FHE-PARTIALS-FEW') return 'ask more holders'
  return rule === 'FHE-INCONSISTENT'
    ? 'ask more holders: 3T-2 answers correct up to T-1 wrong ones'
    : undefined
}

/** Keys of holder i at index i-1; the cards must be those of the public file's roster. Errors: FHE-ROSTER-OTHER. */
function holderKeys(pub: Uint8Array, paths: readonly string[]) {
  const cards = paths.map(readCard)
  const roster = cards.map((card, i) => ({ index: i + 1, name: card.name, card: cardCodec.digest(card) }))
  if (!equalBytes(rosterDigest(roster), parsePublic(pub).rosterDigest))
    throw new CoreError(
      'FHE-ROSTER-OTHER',
      'these are not the cards of this epoch’s holders',
      'name the cards of holder 1 to N, all of them and in order',
    )
  return cards.map(({ keys }) => keys)
}

async function openPartial(path: string, identityPath: string | undefined): Promise<Uint8Array> {
  const bytes = readPartialFile(path)
  if (fromAscii(bytes) !== 'age-encr') return bytes
  if (identityPath === undefined)
    throw new WrongUse('OPTION-IDENTITY', `${path} is sealed: name the combiner’s --identity`)
  return openWith(readIdentity(identityPath), bytes)
}

function fromAscii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 8))
}

/** Errors: SECRET-FILE-MODE, OPTION-IDENTITY. */
function readIdentity(path: string): string {
  const text = fromUtf8(readBounded(path, maxIdentity))
  if ((statSync(path).mode & 0o077) !== 0)
    throw new CoreError('SECRET-FILE-MODE', `${path} may be read by others`, `chmod 600 ${path}`)
  const line = text.split('\n').find((one) => one.startsWith('AGE-SECRET-KEY-PQ-'))
  if (line === undefined) throw new WrongUse('OPTION-IDENTITY', `${path} holds no age identity`)
  return line.trim()
}
