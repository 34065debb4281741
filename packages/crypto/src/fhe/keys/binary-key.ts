import { concatBytes, equalBytes, wipe } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { fromHex } from '../../hex.ts'
import { u32, u64 } from '../../sharing/little-endian.ts'
import { byteReader } from '../files/byte-reader.ts'

/** A parameter set of tfhe's Boolean API: the sizes of its two keys, and what stands behind them in the file. */
type ParameterSet = {
  readonly name: string
  readonly small: number
  readonly ring: number
  readonly polynomial: number
  readonly glwe: number
  /** f64 standard deviations, little endian. */
  readonly deviations: readonly [string, string]
  readonly keySwitchLevel: number
  /** 1 encrypts under the small key, 0 under the big one. */
  readonly choice: number
}

const ringOf512 = { ring: 1536, polynomial: 512, glwe: 3 }
const ringOf1024 = { ring: 2048, polynomial: 1024, glwe: 2 }
const noiseOf512 = '098ba865e600103e'
const noiseOf1024 = '195200000000103e'
const parameterSets: readonly ParameterSet[] = [
  {
    name: 'default',
    small: 805,
    ...ringOf512,
    deviations: ['3a2b8f7fd595d83e', noiseOf512],
    keySwitchLevel: 5,
    choice: 1,
  },
  {
    name: 'tfhe-lib',
    small: 837,
    ...ringOf1024,
    deviations: ['cfd64ad9244fcc3e', noiseOf1024],
    keySwitchLevel: 5,
    choice: 1,
  },
  {
    name: 'default-ks-pbs',
    small: 739,
    ...ringOf512,
    deviations: ['789e32169531f33e', noiseOf512],
    keySwitchLevel: 4,
    choice: 0,
  },
  {
    name: 'tfhe-lib-ks-pbs',
    small: 770,
    ...ringOf1024,
    deviations: ['ebeb51124b7ce63e', noiseOf1024],
    keySwitchLevel: 5,
    choice: 0,
  },
]

/** u64 polynomial size, u64 x3 dimensions, twice u32 0, f64 deviation, f64 mean, u64 x4 decompositions, u32 choice. */
function tailOf({ small, polynomial, glwe, deviations, keySwitchLevel, choice }: ParameterSet): Uint8Array {
  const noise = (deviation: string) => concatBytes(u32(0), fromHex(deviation), u64(0))
  return concatBytes(
    ...[polynomial, small, glwe, polynomial].map(u64),
    ...deviations.map(noise),
    ...[10, 2, 3, keySwitchLevel].map(u64),
    u32(choice),
  )
}

/** A TFHE_BINARY client key: both of its keys in one vector, words of 64 bits that are 0 or 1. `wipe` it. */
type BinaryKey = { readonly parameters: string; readonly words: Uint8Array }

/**
 * Strict parser of tfhe's serialized BooleanClientKey (plain bincode) under one of its four parameter sets. Throws
 * FormatError: FHE-TYPE, FHE-PARAMETERS, FHE-TRUNCATED, FHE-TRAILING, FHE-FIELD; none says what was read, for a key word too
 * many stands where a size should.
 */
export function parseBinaryKey(bytes: Uint8Array): BinaryKey {
  const reader = byteReader(bytes, { secret: true })
  const size = reader.left < 8 ? 0n : reader.u64('small key')
  const small = parameterSets.find((set) => BigInt(set.small) === size)?.small
  if (small === undefined) throw new FormatError('FHE-TYPE', 'not a client key')
  const first = readBits(reader.take(4 * small, 'small key'))
  let second: Uint8Array | null = null
  try {
    const ring = reader.u64('ring key')
    const found = parameterSets.find((set) => set.small === small && BigInt(set.ring) === ring)
    if (!found)
      throw new FormatError(
        'FHE-TYPE',
        `no client key: no parameter set of ${small} bits has such a ring key`,
      )
    second = readBits(reader.take(4 * found.ring, 'ring key'))
    const tail = tailOf(found)
    if (!equalBytes(reader.take(tail.length, 'parameters'), tail)) {
      throw new FormatError('FHE-PARAMETERS', `not those of the set ${found.name}`)
    }
    reader.end()
    return { parameters: found.name, words: concatBytes(first, second) }
  } finally {
    wipe(first)
    if (second !== null) wipe(second)
  }
}

/** The serialized BooleanClientKey of recovered words; their number names the parameter set. Throws FormatError. */
export function encodeBinaryKey(words: Uint8Array): Uint8Array {
  const found = parameterSets.find(({ small, ring }) => 8 * (small + ring) === words.length)
  if (!found) throw new FormatError('FHE-PARAMETERS', `no parameter set of ${words.length / 8} bits`)
  const bits = new Uint8Array(words.length / 2)
  let stray = 0
  for (let i = 0; i < words.length; i++) {
    const byte = words[i] ?? 0
    if (i % 8 === 0) bits[i / 2] = byte
    stray |= i % 8 === 0 ? byte & 0xfe : byte
  }
  if (stray !== 0) {
    wipe(bits)
    throw new FormatError('FHE-FIELD', 'a word is neither 0 nor 1: the shares are of another key')
  }
  const encoded = concatBytes(
    u64(found.small),
    bits.subarray(0, 4 * found.small),
    u64(found.ring),
    bits.subarray(4 * found.small),
    tailOf(found),
  )
  wipe(bits)
  return encoded
}

/** u32 words of 0 or 1 as u64 words; wipes what it reads. The refusal does not say where. */
function readBits(words: Uint8Array): Uint8Array {
  const wide = new Uint8Array(2 * words.length)
  let stray = 0
  for (let i = 0; i < words.length; i++) {
    const byte = words[i] ?? 0
    if (i % 4 === 0) wide[2 * i] = byte
    stray |= i % 4 === 0 ? byte & 0xfe : byte
  }
  wipe(words)
  if (stray !== 0) {
    wipe(wide)
    throw new FormatError('FHE-FIELD', 'a word of the key is neither 0 nor 1')
  }
  return wide
}
