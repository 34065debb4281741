import { mkdirSync } from 'node:fs'
import type { Json } from '@lux/crypto'
import { inspect } from '@lux/crypto/fhe'
import { CoreError, withSystemErrors } from '../core/core-error.ts'
import {
  type FileFact,
  type KeyChildRequest,
  type KeyChildResult,
  runKeyChild,
} from '../core/key-child/index.ts'
import { findParts } from '../core/program.ts'
import { fileReader } from '../core/store/file-reader.ts'
import { type CommandLine, count } from './command-line.ts'
import { mustBeEmpty } from './files.ts'
import { type Outcome, say } from './output.ts'
import { WrongUse } from './wrong-use.ts'

type KeygenOptions = {
  out: string
  squash?: boolean
  words?: boolean
  inputs: 'signed' | 'proven'
  serverKey: boolean
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

/** Everything but server keys fits in memory; of those the first bytes tell what they are. */
const maxWhole = 16 << 20
const firstBytes = 4096

export function registerFhe({ program, act }: CommandLine): void {
  const group = program
    .command('fhe')
    .description('Keys of fully homomorphic encryption: keygen, deal, inspect.')
  group
    .command('keygen')
    .description(
      'Make a key that is kept whole (not threshold), in a process of its own that ends with the work.',
    )
    .requiredOption('--out <dir>', 'a new folder')
    .option('--squash', 'with a noise-squashing key: 80 to 120 s and 331 MB instead of 6 s and 60 MB')
    .option('--words', 'make it from a seed and show the seed as words: whoever has the words has the key')
    .option('--inputs <kind>', 'signed or proven', inputsOption, 'signed')
    .option('--no-server-key', 'no server key: nothing can be computed; only with --rehearsal')
    .option('--rehearsal', 'a key for training')
    .action((options: KeygenOptions) => act(() => keygen(options)))
    .addHelpText(
      'after',
      `
Writes client-key.bin (about 24 KB, secret, mode 0600), compact-public-key.bin and server-key.bin.

Example:
  $ custody fhe keygen --out fhe-key`,
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
    .option('--mode <mode>', 'S (squashed results, needs a squash key) or F (plain results)', modeOption, 'F')
    .option('--rehearsal', 'required here: the shares lie open in files')
    .requiredOption('--out <dir>', 'a new folder')
    .action((options: DealOptions) => act(() => deal(options)))
    .addHelpText(
      'after',
      `
Writes public.bin and holder-1.bin … holder-N.bin (secret, mode 0600).

Example:
  $ custody fhe deal --client-key fhe-key/client-key.bin --quorum 2 --holders 3 --rehearsal --out dealt`,
    )
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
  makeFolder(options.out)
  const made = await inChild({
    do: 'keygen',
    params: {
      type: 'TFHE_INTEGER',
      squash: options.squash === true,
      inputs: options.inputs,
      serverKey: options.serverKey,
      words: options.words === true,
      outDir: options.out,
    },
  })
  const { clientKey, publicKey, serverKey, words, timings, peakMemoryMiB } = made
  const lines = [
    factLine(clientKey, 'SECRET'),
    factLine(publicKey),
    ...(serverKey === null ? [] : [factLine(serverKey)]),
    ...(words === null ? [] : [`words (as secret as the key): ${words.join(' ')}`]),
  ]
  return {
    exit: 0,
    json: { ok: true, clientKey, publicKey, serverKey, words, timings, peakMemoryMiB },
    text: lines.join('\n'),
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
  makeFolder(options.out)
  const dealt = await inChild({
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
  })
  const lines = [
    `key     ${dealt.keyId}`,
    `epoch   ${dealt.epochId}`,
    factLine(dealt.public),
    ...dealt.shares.map((share) => factLine(share, 'SECRET')),
  ]
  return { exit: 0, json: { ok: true, ...dealt }, text: lines.join('\n') }
}

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

function makeFolder(path: string): void {
  mustBeEmpty(path)
  withSystemErrors(() => mkdirSync(path, { recursive: true, mode: 0o700 }), path)
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
