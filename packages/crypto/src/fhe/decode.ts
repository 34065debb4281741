import { accept, type Outcome } from '../sharing/outcome.ts'
import { refuse } from '../verdict.ts'
import type { Ciphertext } from './ciphertext.ts'

/** A decrypted value: a bigint, or a boolean for bool. */
export type FheValue = bigint | boolean

/**
 * Rounds the phases of a ciphertext's blocks and puts the value together. FHE-PADDING a block's padding bit is set ·
 * FHE-BOOL-RANGE a boolean above 1: both mean a wrong key, a forged or a spoiled ciphertext.
 */
export function decodePhases(
  { kind, bits, width }: Pick<Ciphertext, 'kind' | 'bits' | 'width'>,
  phases: readonly bigint[],
): Outcome<FheValue> {
  const shift = BigInt(width - 5)
  const half = 1n << (shift - 1n)
  const values = phases.map((phase) => ((phase + half) >> shift) & 31n)
  // Never the raw top bit: a 0 with negative noise has it set.
  if (values.some((v) => v >= 16n)) return refuse('FHE-PADDING', 'a padding bit is set')
  if (kind === 'bool') {
    const [v = 0n] = values
    return v > 1n ? refuse('FHE-BOOL-RANGE', 'a boolean above 1') : accept(v === 1n)
  }
  // A squashed block packs two blocks of 2 bits with their carries: base 16; else base 4, carries added in.
  const step = width === 64 ? 2n : 4n
  const sum = values.reduce((total, v, i) => total + (v << (step * BigInt(i))), 0n)
  return accept(kind === 'uint' ? BigInt.asUintN(bits, sum) : BigInt.asIntN(bits, sum))
}
