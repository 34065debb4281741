import { accept, type Outcome, refuse } from '../../outcome.ts'
import type { Ciphertext } from '../files/ciphertext.ts'

/** A decrypted value: a bigint, or a boolean for bool. */
export type FheValue = bigint | boolean

/**
 * Rounds the phases of a ciphertext's blocks and puts the value together. FHE-PADDING a block's padding bit is set ·
 * FHE-BOOL-RANGE a boolean above 1 · FHE-NOISE a phase further than `bound` from a multiple of Delta (`phaseBound`): each means a
 * wrong key, a forged or a spoiled ciphertext or, where no more than t have answered, a wrong answer. None of them is sure to be met: a block of another key passes all by chance.
 */
export function decodePhases(
  { kind, bits, width }: Pick<Ciphertext, 'kind' | 'bits' | 'width'>,
  phases: readonly bigint[],
  bound: bigint = 1n << BigInt(width - 6),
): Outcome<FheValue> {
  const shift = BigInt(width - 5)
  const half = 1n << (shift - 1n)
  const values = phases.map((phase) => ((phase + half) >> shift) & 31n)
  // Never the raw top bit: a 0 with negative noise has it set.
  if (values.some((v) => v >= 16n)) return refuse('FHE-PADDING', 'a padding bit is set')
  const [first = 0n] = values
  if (kind === 'bool' && first > 1n) return refuse('FHE-BOOL-RANGE', 'a boolean above 1')
  const far = phases.findIndex((phase, i) => {
    const noise = BigInt.asIntN(width, phase - ((values[i] ?? 0n) << shift))
    return noise > bound || -noise > bound
  })
  if (far >= 0) {
    return refuse(
      'FHE-NOISE',
      `block ${far + 1} of ${phases.length} has more noise than an honest one of this key: it is of another key, its noise is beyond the bound or, with no more than t answers, one of them is wrong`,
    )
  }
  if (kind === 'bool') return accept(first === 1n)
  // A squashed block packs two blocks of 2 bits with their carries: base 16; else base 4, carries added in.
  const step = width === 64 ? 2n : 4n
  const sum = values.reduce((total, v, i) => total + (v << (step * BigInt(i))), 0n)
  return accept(kind === 'uint' ? BigInt.asUintN(bits, sum) : BigInt.asIntN(bits, sum))
}
