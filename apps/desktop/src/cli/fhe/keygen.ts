import { fromUtf8, fromWords, isSealRecipient, wipe } from '@lux/crypto'
import { type FheKeyType, PROOF_BITS, seedOfChecked } from '@lux/crypto/fhe'
import type { Command } from 'commander'
import type { CommandLine } from '../shell/command-line.ts'
import { readCard } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { readSecret } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { factLine, inChild, inKeyFolder } from './key-child.ts'

type KeygenOptions = {
  out: string
  type: FheKeyType
  squash?: boolean
  words?: boolean
  inputs: 'signed' | 'proven'
  proofBits?: number
  serverKey: boolean
  recipient?: string
  restore?: string
  wordsFd?: string
  wordsFile?: string
  rehearsal?: boolean
}
export function registerFheKeygen(group: Command, act: CommandLine['act']): void {
  group
    .command('keygen')
    .description(
      'Make a key that is kept whole (not threshold), in a process of its own that ends with the work.',
    )
    .requiredOption('--out <dir>', 'a new folder')
    .option('--type <type>', 'TFHE_INTEGER, or TFHE_BINARY for the Boolean API', typeOption, 'TFHE_INTEGER')
    .option('--squash', 'with a noise-squashing key: 80 to 120 s and 331 MB instead of 6 s and 60 MB')
    .option('--words', 'make it from a seed and show the seed as words: whoever has the words has the key')
    .option(
      '--restore <sha256>',
      'make a key again from the words of its sheet; the SHA-256 of the client key stands there, too',
    )
    .option('--words-fd <n>', 'read the words to restore from this open descriptor instead of the terminal')
    .option('--words-file <file>', 'read them from this file, which must have mode 0600')
    .option(
      '--recipient <age1pq1…|card.json>',
      'seal the client key: client-key.age, and nothing of it in the open',
    )
    .option(
      '--inputs <kind>',
      'signed by named encryptors, or proven by untrusted parties (dedicated parameters)',
      inputsOption,
      'signed',
    )
    .option(
      '--proof-bits <n>',
      `with proven inputs: how many bits one list may prove, ${PROOF_BITS.least} to ${PROOF_BITS.most} (${PROOF_BITS.usual} by default)`,
      proofBitsOption,
    )
    .option('--no-server-key', 'no server key: nothing can be computed; only with --rehearsal')
    .option('--rehearsal', 'a key for training')
    .action((options: KeygenOptions) => act(() => keygen(options)))
    .addHelpText(
      'after',
      `
Writes files as tfhe serializes them itself:
  client-key.bin           secret, mode 0600: 31458 B, 47998 B with proven inputs, 65704 B more with --squash;
                           9488 B for TFHE_BINARY
  compact-public-key.bin   33 KB: what everybody encrypts with (not for TFHE_BINARY)
  crs.bin                  with proven inputs: 3.4 MB in some 55 s, the reference string that lists are proven against; it is
                           no secret, but who saw it made can forge proofs
  server-key.bin           compressed: 60 MB in 6 s, 331 MB in 80 to 120 s with --squash, 13 MB for TFHE_BINARY

Restoring gives the same client key to the byte; all other files come out different each time.

Examples:
  $ custody fhe keygen --out key
  $ custody fhe keygen --squash --out squash-key
  $ custody fhe keygen --out paper --words
  $ custody fhe keygen --out again --restore 5e88…1542`,
    )
}

async function keygen(options: KeygenOptions): Promise<Outcome> {
  if (!options.serverKey && options.rehearsal !== true)
    throw new WrongUse('FHE-SERVER-KEY', 'only a rehearsal goes without a server key')
  if (options.type === 'TFHE_BINARY' && (options.squash === true || options.inputs === 'proven'))
    throw new WrongUse('OPTION-TYPE', 'a TFHE_BINARY key takes neither --squash nor --inputs')
  if (options.proofBits !== undefined && options.inputs === 'signed')
    throw new WrongUse('OPTION-PROOF-BITS', '--proof-bits counts only with --inputs proven')
  const recipient = await recipientOf(options.recipient)
  const restore = await restoreOf(options)
  const made = await inKeyFolder(options.out, () =>
    inChild({
      do: 'keygen',
      params: {
        type: options.type,
        squash: options.squash === true,
        inputs: options.inputs,
        ...(options.inputs === 'proven' ? { proofBits: options.proofBits ?? PROOF_BITS.usual } : {}),
        serverKey: options.serverKey,
        words: options.words === true,
        outDir: options.out,
        ...(recipient === null ? {} : { recipient }),
        ...(restore === null ? {} : { restore }),
      },
    }),
  ).finally(() => {
    if (restore !== null) wipe(restore.seed)
  })
  const { clientKey, clientKeySha256, keyId, publicKey, serverKey, words, timings, peakMemoryMiB } = made
  const crs = made.crs ?? null
  const lines = [
    factLine(clientKey, recipient === null ? 'SECRET' : 'sealed'),
    ...[publicKey, serverKey, crs].flatMap((fact) => (fact === null ? [] : [factLine(fact)])),
    `key     ${keyId}`,
    ...(words === null
      ? []
      : [
          'for the sheet of paper, as secret as the key:',
          `words   ${words.join(' ')}`,
          `sha256  ${clientKeySha256} of the client key`,
        ]),
  ]
  return {
    exit: 0,
    json: {
      ok: true,
      clientKey,
      clientKeySha256,
      keyId,
      publicKey,
      serverKey,
      crs,
      words,
      timings,
      peakMemoryMiB,
    },
    text: lines.join('\n'),
  }
}

/** Errors: OPTION-RECIPIENT, CARD-MALFORMED. */
async function recipientOf(text: string | undefined): Promise<string | null> {
  if (text === undefined) return null
  const recipient = text.startsWith('age1') ? text : readCard(text).recipient
  if (recipient === undefined || !(await isSealRecipient(recipient)))
    throw new WrongUse('OPTION-RECIPIENT', `--recipient ${text}: neither age1pq1… nor the card of a holder`)
  return recipient
}

/** Errors: OPTION-RESTORE, FHE-WORDS, WORDS-…, those of `readSecret`. */
async function restoreOf({ restore, words, wordsFd, wordsFile }: KeygenOptions) {
  if (restore === undefined) return null
  if (!/^[0-9a-f]{64}$/.test(restore) || words === true)
    throw new WrongUse(
      'OPTION-RESTORE',
      `--restore ${restore}: expected 64 hexadecimal digits, and no --words`,
    )
  const secret = await readSecret('The 18 words of the sheet', {
    ...(wordsFd === undefined ? {} : { fd: wordsFd }),
    ...(wordsFile === undefined ? {} : { file: wordsFile }),
  })
  try {
    const bytes = fromWords(fromUtf8(secret).trim().split(/\s+/))
    try {
      return { seed: seedOfChecked(bytes), clientKeySha256: restore }
    } finally {
      wipe(bytes)
    }
  } finally {
    wipe(secret)
  }
}

function typeOption(text: string): string {
  if (text !== 'TFHE_INTEGER' && text !== 'TFHE_BINARY')
    throw new WrongUse('OPTION-TYPE', `--type ${text}: expected TFHE_INTEGER or TFHE_BINARY`)
  return text
}

function proofBitsOption(text: string): number {
  const bits = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (bits < PROOF_BITS.least || bits > PROOF_BITS.most)
    throw new WrongUse(
      'OPTION-PROOF-BITS',
      `--proof-bits ${text}: expected ${PROOF_BITS.least} to ${PROOF_BITS.most}`,
    )
  return bits
}

function inputsOption(text: string): string {
  if (text !== 'signed' && text !== 'proven')
    throw new WrongUse('OPTION-INPUTS', `--inputs ${text}: expected signed or proven`)
  return text
}
