import { toHex } from '@lux/crypto'
import { auditCanary, encodeCarried, parsePublic, roundForCarrying } from '@lux/crypto/fhe'
import { ExpectedError } from '@lux/node-files'
import type { Command } from 'commander'

import { type CommandLine, refused, severalOf } from '../shell/command-line.ts'

import { ciphertextAt, parseValue, partialAt, readPublicFile } from '../shell/fhe-files.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'

type AuditOptions = { public: string; ciphertext: string[]; value: string[] }

export function registerFheCanary(group: Command, act: CommandLine['act']): void {
  group
    .command('audit')
    .argument('<partial...>', 'the canary’s answers of all holders')
    .description('Check that every holder of a new epoch computes with the same key.')
    .requiredOption('--public <file>', 'the new public.bin')
    .requiredOption(
      '--ciphertext <file>',
      'made after all corrections: 128 to 256 fresh blocks, and with a squash key 64 to 256 squashed ones',
      severalOf,
    )
    .requiredOption(
      '--value <value>',
      'what each of them was encrypted from: a number, true or false',
      severalOf,
    )
    .action((partials: string[], options: AuditOptions) => act(() => audit(partials, options)))
    .addHelpText(
      'after',
      `
Each width has a correction of its own, so a key with a squash key needs a canary of both, and all holders' answers to
both: a fresh u256 is 128 blocks, a squashed one 64. One alone is refused as FHE-CANARY-SIZE.

Answers of a rehearsal only, which nobody signs. Those of production are refused (FHE-PARTIAL-SIGNATURE): custody request result
checks their signatures and compares the value with --value.

Example:
  $ custody fhe audit 1.prt 2.prt 3.prt 1s.prt 2s.prt 3s.prt --public next/public.bin \\
      --ciphertext fresh.bin --ciphertext squashed.bin --value 12345 --value 12345`,
    )
  group
    .command('carry')
    .argument('<ciphertext>', 'a squashed ciphertext')
    .description('Round a squashed ciphertext for carrying: 37 KB a block instead of 66.')
    .requiredOption('--out <file>', 'a new file, lux-car1')
    .action((path: string, options: { out: string }) => act(() => carry(path, options.out)))
    .addHelpText(
      'after',
      `
All requests of a key carry rounded ciphertexts or none does, as its policy says: else one block has two noises.

Example:
  $ custody fhe carry sum.bin --out sum.car`,
    )
}

/** Errors: FHE-PARTIAL-SIGNATURE of production, OPTION-VALUE, FHE-…. */
function audit(paths: readonly string[], options: AuditOptions): Outcome {
  const values = options.value.map((text) => {
    const value = parseValue(text)
    if (value === null)
      throw new WrongUse('OPTION-VALUE', `--value ${text}: expected a number, true or false`)
    return value
  })
  const ciphertexts = options.ciphertext.map((path) => ciphertextAt(path).ciphertext)
  if (values.length !== ciphertexts.length)
    throw new WrongUse('OPTION-VALUE', `${values.length} values for ${ciphertexts.length} ciphertexts`)
  const pub = parsePublic(readPublicFile(options.public))
  // Whoever has a production key's public.bin could make up answers that agree with it.
  if (pub.header.domain === 'production')
    throw new ExpectedError(
      'FHE-PARTIAL-SIGNATURE',
      'of production, where holders sign what they answer to a request: audit checks no signatures',
    )
  const partials = paths.map(partialAt)
  const audited = auditCanary(pub, ciphertexts, values, partials)
  if (!audited.ok) throw refused(audited, auditRemedy(audited.rule))
  const epochId = toHex(pub.header.epochId)
  const { epoch, n } = pub.header
  return {
    exit: 0,
    json: { ok: true, epochId, holders: n, widths: audited.value },
    text: audited.value
      .map(
        ({ width, blocks }) =>
          `epoch ${epoch} computes with one key at ${width} bits: all ${n} agree in ${blocks} blocks`,
      )
      .join('\n'),
  }
}

function carry(path: string, out: string): Outcome {
  mustBeNew(out)
  const { ciphertext } = ciphertextAt(path)
  if (ciphertext.width !== 128)
    throw new ExpectedError(
      'FHE-TYPE',
      `${path} is not squashed, and only squashed ciphertexts are carried rounded`,
    )
  const bytes = encodeCarried(roundForCarrying(ciphertext))
  writeNew(out, bytes)
  return {
    exit: 0,
    json: { ok: true, ciphertext: out, size: bytes.length },
    text: `${out}  ${bytes.length} bytes`,
  }
}

const ABORT = 'abort the run: the old epoch stays, and its shares with it'

/**
 * What to do where "custody fhe audit" is refused by a rule. Only a canary that was answered in full and came out wrong decides
 * against the epoch; any other refusal is of the files.
 */
export function auditRemedy(rule: string): string {
  switch (rule) {
    case 'FHE-CANARY-VALUE':
      return `check the --value given first; if it is what was encrypted, ${ABORT}`
    case 'FHE-INCONSISTENT':
    case 'FHE-PADDING':
    case 'FHE-NOISE':
    case 'FHE-BOOL-RANGE':
      return ABORT
    default:
      return 'give the missing or the right files and audit again: nothing was decided about the epoch'
  }
}
