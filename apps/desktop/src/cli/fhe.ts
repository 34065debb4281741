import { fromUtf8, fromWords, isSealRecipient, type Json, wipe } from '@lux/crypto'
import { type FheKeyType, inspect, seedOfChecked } from '@lux/crypto/fhe'
import { CoreError } from '../core/core-error.ts'
import {
  type FileFact,
  type KeyChildRequest,
  type KeyChildResult,
  runKeyChild,
} from '../core/key-child/index.ts'
import { findParts } from '../core/program.ts'
import { fileReader } from '../core/store/file-reader.ts'
import { inNewFolder } from '../core/store/new-folder.ts'
import { type CommandLine, count } from './command-line.ts'
import { registerFheDecrypt } from './fhe-decrypt.ts'
import { registerFheProvenance } from './fhe-provenance.ts'
import { registerFheReshare } from './fhe-reshare.ts'
import { mustBeNew, readCard } from './files.ts'
import { type Outcome, say } from './output.ts'
import { readSecret } from './secret-input.ts'
import { WrongUse } from './wrong-use.ts'

type KeygenOptions = {
  out: string
  type: FheKeyType
  squash?: boolean
  words?: boolean
  inputs: 'signed' | 'proven'
  serverKey: boolean
  recipient?: string
  restore?: string
  wordsFd?: string
  wordsFile?: string
  rehearsal?: boolean
}
type DealOptions = {
  clientKey: string
  compactPublicKey?: string
  serverKey?: string
  quorum: number
  holders: number
  mode: 'S' | 'F'
  rehearsal?: boolean
  out: string
}
type RecoverOptions = { public: string; rehearsal?: boolean; out: string }

/** Everything but server keys fits in memory; of those the first bytes tell what they are. */
const maxWhole = 16 << 20
const firstBytes = 4096

export function registerFhe({ program, act }: CommandLine): void {
  const group = program
    .command('fhe')
    .description('Keys of fully homomorphic encryption: make, deal, decrypt with in parts, reshare, inspect.')
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
  server-key.bin           compressed: 60 MB in 6 s, 331 MB in 80 to 120 s with --squash, 13 MB for TFHE_BINARY

Restoring gives the same client key to the byte; public and server key come out different each time.

Examples:
  $ custody fhe keygen --out fhe-key
  $ custody fhe keygen --out paper --words
  $ custody fhe keygen --out again --restore 5e88…1542`,
    )
  group
    .command('deal')
    .description(
      'Deal a client key on disk to bare shares, for training. A real key is dealt inside a ceremony only.',
    )
    .requiredOption('--client-key <file>', 'client-key.bin')
    .option('--compact-public-key <file>', 'compact-public-key.bin, named in the key’s id')
    .option('--server-key <file>', 'server-key.bin, named in the key’s id')
    .requiredOption('--quorum <t>', 'how many holders decrypt', count('--quorum', 15))
    .requiredOption('--holders <n>', 'how many holders there are', count('--holders', 15))
    .option(
      '--mode <mode>',
      'S: squashed results only; F: fresh 64-bit ciphertexts too, up to 2 of 3 holders',
      modeOption,
      'F',
    )
    .option('--rehearsal', 'required here: the shares lie open in files')
    .requiredOption('--out <dir>', 'a new folder')
    .action((options: DealOptions) => act(() => deal(options)))
    .addHelpText(
      'after',
      `
Takes client keys that tfhe made elsewhere, of default or dedicated compact parameters, with or without a squash key,
and TFHE_BINARY ones. Writes public.bin (16 or 82 KB and 32 B for each set) and holder-1.bin … holder-N.bin (secret,
mode 0600): 64 B of seeds at 2 of 3, 192 B at 3 of 5, 2240 B at 5 of 9, 29568 B at 7 of 13. N is at most 15.

Example:
  $ custody fhe deal --client-key fhe-key/client-key.bin --quorum 2 --holders 3 --rehearsal --out dealt`,
    )
  group
    .command('recover')
    .argument('<share...>', 'holder-<i>.bin of any quorum')
    .description(
      'Put a TFHE_BINARY key together again, for training: the one use of its shares besides resharing.',
    )
    .requiredOption('--public <file>', 'public.bin')
    .option('--rehearsal', 'required here: the whole key will lie in a file')
    .requiredOption('--out <file>', 'the client key, a new file, mode 0600')
    .action((shares: string[], options: RecoverOptions) => act(() => recover(shares, options)))
    .addHelpText(
      'after',
      `
Example:
  $ custody fhe recover dealt/holder-1.bin dealt/holder-3.bin --public dealt/public.bin --rehearsal --out key.bin`,
    )
  registerFheDecrypt(group, act)
  registerFheReshare(group, act)
  registerFheProvenance(group, act)
  group
    .command('inspect')
    .argument('<file>', 'any file of tfhe or of this tool')
    .description('Say what a file is and what of it may be shown; never a bit of a key.')
    .action((file: string) => act(() => inspectFile(file)))
    .addHelpText('after', '\nExample:\n  $ custody fhe inspect dealt/public.bin')
}

async function keygen(options: KeygenOptions): Promise<Outcome> {
  if (!options.serverKey && options.rehearsal !== true)
    throw new WrongUse(
      'FHE-SERVER-KEY',
      'only a rehearsal goes without a server key',
      'add --rehearsal, or leave --no-server-key out',
    )
  if (options.type === 'TFHE_BINARY' && (options.squash === true || options.inputs === 'proven'))
    throw new WrongUse(
      'OPTION-TYPE',
      'a TFHE_BINARY key has neither a squash key nor proven inputs',
      'leave --squash and --inputs out',
    )
  const recipient = await recipientOf(options.recipient)
  const restore = await restoreOf(options)
  const made = await inNewFolder(options.out, nothing, () =>
    inChild({
      do: 'keygen',
      params: {
        type: options.type,
        squash: options.squash === true,
        inputs: options.inputs,
        serverKey: options.serverKey,
        words: options.words === true,
        outDir: options.out,
        ...(recipient === null ? {} : { recipient }),
        ...(restore === null ? {} : { restore }),
      },
    }),
  )
  const { clientKey, clientKeySha256, keyId, publicKey, serverKey, words, timings, peakMemoryMiB } = made
  const lines = [
    factLine(clientKey, recipient === null ? 'SECRET' : 'sealed'),
    ...[publicKey, serverKey].flatMap((fact) => (fact === null ? [] : [factLine(fact)])),
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
  const text = fromUtf8(secret)
  wipe(secret)
  const bytes = fromWords(text.trim().split(/\s+/))
  const seed = seedOfChecked(bytes)
  wipe(bytes)
  return { seed, clientKeySha256: restore }
}

async function recover(shares: readonly string[], options: RecoverOptions): Promise<Outcome> {
  if (options.rehearsal !== true) {
    throw new CoreError(
      'FHE-WHOLE-KEY',
      'a key is never put together in a file for production',
      'add --rehearsal for training',
    )
  }
  mustBeNew(options.out)
  const { clientKey, timings, peakMemoryMiB } = await inChild({
    do: 'recover',
    params: { shares: [...shares], public: options.public, out: options.out },
  })
  return {
    exit: 0,
    json: { ok: true, clientKey, timings, peakMemoryMiB },
    text: factLine(clientKey, 'SECRET'),
  }
}

async function deal(options: DealOptions): Promise<Outcome> {
  if (options.rehearsal !== true) {
    throw new CoreError(
      'FHE-WHOLE-KEY',
      'a key that lies whole in a file is never dealt for production',
      'deal it inside a ceremony (custody ceremony run), or add --rehearsal for training',
    )
  }
  const dealt = await inNewFolder(options.out, nothing, () =>
    inChild({
      do: 'deal',
      params: {
        clientKey: options.clientKey,
        compactPublicKey: options.compactPublicKey ?? null,
        serverKey: options.serverKey ?? null,
        mode: options.mode,
        t: options.quorum,
        n: options.holders,
        outDir: options.out,
      },
    }),
  )
  const lines = [
    `key     ${dealt.keyId}`,
    `epoch   ${dealt.epochId}`,
    factLine(dealt.public),
    ...dealt.shares.map((share) => factLine(share, 'SECRET')),
  ]
  return { exit: 0, json: { ok: true, ...dealt }, text: lines.join('\n') }
}

/** Half a key is kept by nobody. */
const nothing = () => false

/** Ctrl-C ends the child, and the key with it. */
async function inChild<Request extends KeyChildRequest>(request: Request): Promise<KeyChildResult<Request>> {
  const { execPath, keyChildEntry } = findParts()
  const abort = new AbortController()
  const stop = () => abort.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
    return await runKeyChild(request, {
      execPath,
      entry: keyChildEntry,
      signal: abort.signal,
      onPhase: ({ phase, expectedSeconds }) =>
        say(`· ${phase}${expectedSeconds > 1 ? `, about ${expectedSeconds} s` : ''}`),
    })
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

async function inspectFile(path: string): Promise<Outcome> {
  const reader = fileReader(path)
  try {
    const bytes = await reader.read(0, reader.size > maxWhole ? firstBytes : reader.size)
    const { type, secret, facts } = inspect(bytes, reader.size)
    const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(20)} ${shown(value)}`)
    return {
      exit: 0,
      json: { ok: true, file: path, type, secret, facts },
      text: [
        `${path}: ${type}${secret ? ', SECRET: whoever has it has (part of) a key' : ''}`,
        ...lines,
      ].join('\n'),
    }
  } finally {
    reader.close()
  }
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function factLine({ path, sha256, size }: FileFact, note = ''): string {
  return `${path}  ${size} bytes  ${sha256}${note === '' ? '' : `  ${note}`}`
}

function typeOption(text: string): string {
  if (text !== 'TFHE_INTEGER' && text !== 'TFHE_BINARY')
    throw new WrongUse('OPTION-TYPE', `--type ${text}: expected TFHE_INTEGER or TFHE_BINARY`)
  return text
}

function inputsOption(text: string): string {
  if (text !== 'signed' && text !== 'proven')
    throw new WrongUse('OPTION-INPUTS', `--inputs ${text}: expected signed or proven`)
  return text
}

function modeOption(text: string): string {
  if (text !== 'S' && text !== 'F') throw new WrongUse('OPTION-MODE', `--mode ${text}: expected S or F`)
  return text
}
