import { native } from './threshold-bundle.ts'

/** A squashed value of so many bits: the blocks of one of 8 bits over and over, since what a file holds is not asked for its meaning. */
export function squashedOf(bits: number): Uint8Array {
  const narrow = Buffer.from(native('results/sum-u8.squashed.bin'))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(4097n)
  // Each block begins with two words of versions, then its LWE size; before the first one stands their number.
  const first = narrow.indexOf(size) - 8
  const length = narrow.indexOf(size, first + 16) - 8 - first
  const rest = Buffer.from(narrow.subarray(first + 2 * length))
  rest.writeBigUInt64LE(BigInt(bits / 2))
  const count = Buffer.alloc(8)
  count.writeBigUInt64LE(BigInt(bits / 4))
  const block = narrow.subarray(first, first + length)
  return Buffer.concat([
    narrow.subarray(0, first - 8),
    count,
    ...Array.from({ length: bits / 4 }, () => block),
    rest,
  ])
}
