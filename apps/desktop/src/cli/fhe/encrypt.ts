import { ExpectedError } from '@lux/node-files'
import type { Command } from 'commander'
import { type SampleType, sampleTypes } from '../../core/key-child/index.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { parseValue } from '../shell/fhe-files.ts'
import { mustBeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { factLine, inChild } from './key-child.ts'

export type EncryptOptions = {
  compactPublicKey: string
  type: SampleType
  value: string
  rehearsal?: boolean
  out: string
}

export function registerFheEncrypt(group: Command, act: CommandLine['act']): void {
  group
    .command('encrypt')
    .description(
      'Encrypt one value under a compact public key, for training: a ciphertext that mode F opens.',
    )
    .requiredOption('--compact-public-key <file>', 'compact-public-key.bin')
    .requiredOption('--type <type>', sampleTypes.join(', '), typeOption)
    .requiredOption('--value <value>', 'a number, true or false')
    .option('--rehearsal', 'required here: the value stands in the command')
    .requiredOption('--out <file>', 'the ciphertext, a new file')
    .action((options: EncryptOptions) => act(() => encrypt(options)))
    .addHelpText(
      'after',
      `
The ciphertext is fresh, as tfhe writes it: the holders of a key in mode F answer it as it is. Holders of mode S answer squashed
results only, which a native evaluator makes; it takes lists of encryptors, not these files.

Example:
  $ custody fhe encrypt --compact-public-key key/compact-public-key.bin --type u8 --value 42 --rehearsal --out answer.bin`,
    )
}

/** Errors: FHE-OPEN-VALUE, OPTION-VALUE, FILE-EXISTS, FOLDER-MISSING, and those of `readCompactPublicKey`. */
export async function encrypt(options: EncryptOptions): Promise<Outcome> {
  const { compactPublicKey, type, value, rehearsal, out } = options
  if (rehearsal !== true)
    throw new ExpectedError('FHE-OPEN-VALUE', 'a value that stands in a command is no secret of production')
  checkRange(type, value)
  mustBeNew(out)
  const made = await inChild({
    do: 'encrypt',
    params: { publicKey: compactPublicKey, samples: [{ type, value, out }] },
  })
  const [ciphertext] = made.files
  if (ciphertext === undefined) throw new Error('the key process made no file')
  return {
    exit: 0,
    json: { ok: true, ciphertext, type, timings: made.timings, peakMemoryMiB: made.peakMemoryMiB },
    text: factLine(ciphertext, type),
  }
}

/** Errors: OPTION-VALUE. */
function checkRange(type: SampleType, text: string): void {
  const value = parseValue(text)
  const bits = Number(type.slice(1))
  if (type === 'bool') {
    if (typeof value === 'boolean') return
    throw new WrongUse('OPTION-VALUE', `--value ${text}: expected true or false`)
  }
  const signed = type.startsWith('i')
  const least = signed ? -(1n << BigInt(bits - 1)) : 0n
  const most = (1n << BigInt(signed ? bits - 1 : bits)) - 1n
  if (typeof value === 'bigint' && value >= least && value <= most) return
  throw new WrongUse('OPTION-VALUE', `--value ${text}: expected ${least} to ${most} for ${type}`)
}

function typeOption(text: string): SampleType {
  const type = sampleTypes.find((one) => one === text)
  if (type === undefined)
    throw new WrongUse('OPTION-TYPE', `--type ${text}: expected one of ${sampleTypes.join(', ')}`)
  return type
}
