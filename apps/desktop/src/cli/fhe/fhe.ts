import { type Json, wipe } from '@lux/crypto'
import { forgetShare, inspect, isIntegerKey, verifyShare } from '@lux/crypto/fhe'
import { MAX_HOLDERS } from '@lux/crypto/sharing'
import { ExpectedError, fileReader } from '@lux/node-files'
import type { Command } from 'commander'
import { type CommandLine, count, refused } from '../shell/command-line.ts'
import { inFile, maxWhole, readPublicFile, readShareFile } from '../shell/fhe-files.ts'
import { mustBeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { registerFheCanary } from './canary.ts'
import { registerFheCombine } from './combine.ts'
import { registerFheEncrypt } from './encrypt.ts'
import { factLine, inChild, inKeyFolder } from './key-child.ts'
import { registerFheKeygen } from './keygen.ts'
import { registerFheNext } from './next.ts'
import { registerFhePartial } from './partial.ts'
import { registerFheProvenance } from './provenance.ts'
import { registerFheRedeal } from './redeal.ts'
import { writeLeft } from './remaining-budget.ts'
import { onlyInCeremony, onlyRehearsal, registerFheReshare } from './reshare.ts'

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

/** What is larger is a server key or no file of ours: its first bytes tell what it is. */
const firstBytes = 4096

export function registerFhe({ program, act }: CommandLine): void {
  const group = program
    .command('fhe')
    .description(
      'Keys of fully homomorphic encryption: make, deal, encrypt, decrypt in parts, reshare, inspect.',
    )
  registerFheKeygen(group, act)
  group
    .command('deal')
    .description(
      'Deal a client key on disk to bare shares, for training. A real key is dealt inside a ceremony only.',
    )
    .requiredOption('--client-key <file>', 'client-key.bin')
    .option('--compact-public-key <file>', 'compact-public-key.bin, named in the key’s id')
    .option('--server-key <file>', 'server-key.bin, named in the key’s id')
    .requiredOption('--quorum <t>', 'how many holders decrypt', count('--quorum', MAX_HOLDERS))
    .requiredOption('--holders <n>', 'how many holders there are', count('--holders', MAX_HOLDERS))
    .option(
      '--mode <mode>',
      'S: squashed results, with a squash key; F: fresh 64-bit ciphertexts too, at 2 of 2, 2 of 3 or 3 of 3',
      modeOption,
      'S',
    )
    .option('--rehearsal', 'required here: the shares lie open in files')
    .requiredOption('--out <dir>', 'a new folder')
    .action((options: DealOptions) => act(() => deal(options)))
    .addHelpText(
      'after',
      `
Takes client keys that tfhe made elsewhere, of default or dedicated compact parameters, with or without a squash key,
and TFHE_BINARY ones. Writes public.bin (16 or 82 KB, 18 to 23 KB of a TFHE_BINARY key, and 32 B for each set) and holder-1.bin … holder-N.bin (secret,
mode 0600): 64 B of seeds at 2 of 3, 192 B at 3 of 5, 2240 B at 5 of 9, 29568 B at 7 of 13. N is at most 15.

A --compact-public-key must be of this very client key: FHE-PUBLIC-KEY-OTHER. A --server-key is only read to its end; that it
is of this client key nothing checks but computing with it, so try one value before you rely on it.

Examples, of the keys that the examples of “keygen” make:
  $ custody fhe deal --client-key key/client-key.bin --compact-public-key key/compact-public-key.bin \\
      --quorum 2 --holders 3 --mode F --rehearsal --out dealt
  $ custody fhe deal --client-key squash-key/client-key.bin --quorum 3 --holders 5 --rehearsal --out dealt-5`,
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
In training alone: shares of production are of TFHE_INTEGER keys, which are used in parts and never rebuilt.

Example:
  $ custody fhe recover dealt/holder-1.bin dealt/holder-3.bin --public dealt/public.bin --rehearsal --out key.bin`,
    )
  registerFheEncrypt(group, act)
  registerFhePartial(group, act)
  registerFheCombine(group, act)
  registerFheReshare(group, act)
  registerFheRedeal(group, act)
  registerFheLeft(group, act)
  registerFheNext(group, act)
  registerFheCanary(group, act)
  registerFheProvenance(group, act)
  group
    .command('inspect')
    .argument('<file>', 'any file of tfhe or of this tool')
    .description('Say what a file is and what of it may be shown; never a bit of a key.')
    .action((file: string) => act(() => inspectFile(file)))
    .addHelpText('after', '\nExample:\n  $ custody fhe inspect dealt/public.bin')
}

async function recover(shares: readonly string[], options: RecoverOptions): Promise<Outcome> {
  if (options.rehearsal !== true) {
    throw new ExpectedError(
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
    throw new ExpectedError(
      'FHE-WHOLE-KEY',
      'a key that lies whole in a file is never dealt for production',
      'a ceremony makes and deals a TFHE_INTEGER key of its own (custody ceremony run); add --rehearsal for training',
    )
  }
  const dealt = await inKeyFolder(options.out, () =>
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

async function inspectFile(path: string): Promise<Outcome> {
  const reader = fileReader(path)
  let bytes: Uint8Array | null = null
  try {
    bytes = await reader.read(0, reader.size > maxWhole ? firstBytes : reader.size)
    const content = bytes
    const { type, secret, checked, facts } = inFile(path, () => inspect(content, reader.size))
    const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(20)} ${shown(value)}`)
    return {
      exit: 0,
      json: { ok: true, file: path, type, secret, checked, facts },
      text: [
        `${path}: ${type}${secret ? ', SECRET: whoever has it has (part of) a key' : ''}`,
        ...lines,
        ...(checked === 'header' ? ['only the header was read; the rest was not checked'] : []),
      ].join('\n'),
    }
  } finally {
    // It may have been a key.
    if (bytes !== null) wipe(bytes)
    reader.close()
  }
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function modeOption(text: string): string {
  if (text !== 'S' && text !== 'F') throw new WrongUse('OPTION-MODE', `--mode ${text}: expected S or F`)
  return text
}

type LeftOptions = { public: string; share: string; rehearsal?: boolean; out: string }

function registerFheLeft(group: Command, act: CommandLine['act']): void {
  group
    .command('left')
    .description('What a share may still answer, for those who move the key without its holder.')
    .requiredOption('--public <file>', 'public.bin of the present epoch')
    .requiredOption('--share <file>', 'the holder’s own share')
    .option('--rehearsal', 'required here: the share lies open in a file')
    .requiredOption('--out <dir>', 'a new folder')
    .action((options: LeftOptions) => act(() => inKeyFolder(options.out, () => sayLeft(options))))
    .addHelpText(
      'after',
      `
A bare share keeps no record of what it answered, so that all of its budget is said to be left.
Writes left-<q>.json, for "reshare", "refresh", "remove" and "next" as --left. A holder who says nothing counts as having spent
all, and the new shares may answer less for it.

Example:
  $ custody fhe left --public dealt/public.bin --share dealt/holder-2.bin --rehearsal --out said`,
    )
}

function sayLeft(options: LeftOptions): Outcome {
  onlyRehearsal(options)
  const share = readShareFile(options.share)
  try {
    const verified = verifyShare(share, readPublicFile(options.public))
    if (!verified.ok) throw refused(verified)
    const { share: parsed, pub } = verified.value
    forgetShare(parsed)
    const { header, budgets } = parsed
    if (header.domain === 'production') throw onlyInCeremony()
    const left = writeLeft(options.out, header, budgets)
    const { at64, at128 } = budgets
    return {
      exit: 0,
      json: { ok: true, holder: header.holder, left, budgets },
      text: isIntegerKey(pub) ? `${left}  ${at128} squashed blocks, ${at64} fresh ones` : left,
    }
  } finally {
    wipe(share)
  }
}
