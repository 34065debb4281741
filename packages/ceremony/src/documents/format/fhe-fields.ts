import * as v from 'valibot'
import { digest } from './fields.ts'

/** What tfhe calls FheBool, FheUint<bits> or FheInt<bits>: `bool`, `u8`, `i64`; two bits a block, at most 1024 blocks. */
export const valueType = v.pipe(
  v.string(),
  v.regex(/^(bool|[ui][1-9]\d{0,3})$/, 'expected bool, u<bits> or i<bits>'),
  v.check((type) => type === 'bool' || Number(type.slice(1)) <= 2048, 'more than 2048 bits'),
  v.check((type) => type === 'bool' || Number(type.slice(1)) % 2 === 0, 'an odd number of bits'),
)

/** S: squashed 128-bit ciphertexts. F: fresh 64-bit ones, signed by a named encryptor. */
export const fheMode = v.picklist(['S', 'F'])

/** 1 to 15. */
export const holderIndex = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(15))

/** A count of blocks, or the number of an epoch. */
export const unsigned32 = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffff_ffff))

/** LWE blocks of one ciphertext of a type: a Bool has one; two bits fill a 64-bit block, four a squashed one. */
export function blocksOf(type: string, mode: 'S' | 'F'): number {
  if (type === 'bool') return 1
  const pairs = Number(type.slice(1)) / 2
  return mode === 'F' ? pairs : Math.ceil(pairs / 2)
}

/** Ciphertexts of one request of version 1, and inputs of one provenance of it, which lists them. */
export const mostListed = { ciphertexts: 256, inputs: 4096 } as const

/** Ciphertexts of one request of version 2, and their blocks: 10,000 of 8 bits, or 1,250 of 64, are 1.3 GB of either mode's largest. */
export const mostAsked = { ciphertexts: 10_000, blocks: { F: 40_000, S: 20_000 } } as const

/** Ciphertexts or inputs in their order: how many, and SHA-256("lux-fhe/v1/batch" || u32 count || digests). */
export const batchFields = {
  count: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(mostAsked.ciphertexts)),
  digest,
}

/** Blocks that tell a wrong correction from a right one, and few enough to be answered outside budget and floor. */
const canaryBlocks = { least: { F: 128, S: 64 }, most: 256 } as const

/** What is wrong with the size of a canary, or null. `budget` is the number of its blocks. */
export function canaryFault({ budget, mode }: { budget: number; mode: 'S' | 'F' }): string | null {
  const { least, most } = canaryBlocks
  if (budget >= least[mode] && budget <= most) return null
  return `a canary of mode ${mode} has ${least[mode]} to ${most} blocks, not ${budget}`
}
