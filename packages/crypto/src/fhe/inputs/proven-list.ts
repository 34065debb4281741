import { FormatError } from '../../format-error.ts'
import { type ByteReader, byteReader } from '../files/byte-reader.ts'
import { MAX_BLOCKS } from '../files/ciphertext.ts'
import { readModulus, readSafeHeader } from '../files/tfhe-fields.ts'
import { type ProofPoint, readPoint } from './proof-points.ts'

export const PROVEN_LIST_NAME = 'high_level_api::ProvenCompactCiphertextList'
/** Values of one list, as the evaluator of examples/fhe-evaluator takes. */
export const MAX_LIST_VALUES = 4096
const DIMENSION = 2048
/** Packed pairs of blocks under one proof: of the largest reference string, of 1024 bits. */
const MAX_PAIRS = 256

/** A proven list as it is written: nothing of its proofs is verified yet. */
type ProvenList = {
  /** Of each value, in order, as a provenance names it: `bool`, `u8`, `i64`, … */
  readonly types: readonly string[]
  /** Packed pairs of blocks in each of its compact lists, each of which has a proof. */
  readonly pairs: readonly number[]
  /** Every point of its proofs. */
  readonly points: readonly ProofPoint[]
}

/**
 * Strict parser of tfhe's serialized ProvenCompactCiphertextList, packed, under the parameters of proven inputs: dimension
 * 2048, native modulus, message and carry modulus 4, no tag. Every byte is a constant of the format, a word of a ciphertext, a
 * point, or a count that is checked against another. Throws FormatError: FHE-TYPE, FHE-TRUNCATED, FHE-TRAILING, FHE-FIELD,
 * FHE-LIST-SHAPE.
 */
export function parseProvenList(bytes: Uint8Array): ProvenList {
  const reader = byteReader(bytes)
  if (readSafeHeader(reader) !== PROVEN_LIST_NAME) throw new FormatError('FHE-TYPE', 'not a proven list')
  reader.u32s('list', 0, 0, 0)
  const pairs: number[] = []
  const points: ProofPoint[] = []
  const lists = reader.count('lists', MAX_LIST_VALUES * MAX_BLOCKS)
  for (let i = 0; i < lists; i++) {
    pairs.push(readCompactList(reader))
    points.push(...readProof(reader))
  }
  const types = readTypes(reader)
  reader.u32s('tag', 0)
  reader.count('tag length', 0)
  reader.end()
  checkShape(pairs, types.blocks)
  return { types: types.names, pairs, points }
}

function readCompactList(reader: ByteReader): number {
  reader.u32s('compact list', 2, 0)
  const words = reader.count('words', DIMENSION + MAX_PAIRS)
  const pairs = words - DIMENSION
  if (pairs < 1) throw new FormatError('FHE-FIELD', `words: ${words}, a mask alone has ${DIMENSION}`)
  reader.take(8 * words, 'words')
  reader.versioned('LWE size', DIMENSION + 1)
  reader.versioned('LWE count', pairs)
  readModulus(reader, 64)
  // Two blocks of 2 bits in one: what is not packed is not taken.
  reader.versioned('degree', 15)
  reader.versioned('message modulus', 4)
  reader.versioned('carry modulus', 4)
  reader.u32s('expansion', 1, 0)
  return pairs
}

/** A proof of scheme V2: its points in tfhe's order, and the way that its challenges are hashed, of tfhe 1.6 and 1.7. */
function readProof(reader: ByteReader): ProofPoint[] {
  reader.u32s('proof', 2, 1, 3)
  const points = ([2, 1, 1, 1, 2, 1, 1, 1, 2, 1, 1] as const).map((group) => readPoint(reader, group))
  const load = reader.u8('proof for a quick verifier')
  if (load > 1) throw new FormatError('FHE-FIELD', 'proof for a quick verifier: no option')
  if (load === 1) {
    reader.u32s('proof for a quick verifier', 0)
    points.push(readPoint(reader, 2), readPoint(reader, 2))
  }
  reader.u32s('hashing', 0, 2)
  return points
}

function readTypes(reader: ByteReader): { names: string[]; blocks: number } {
  const count = reader.count('values', MAX_LIST_VALUES)
  if (count === 0) throw new FormatError('FHE-LIST-SHAPE', 'a list of no value')
  let blocks = 0
  const names = Array.from({ length: count }, () => {
    reader.u32s('value', 1)
    const code = reader.u32('kind')
    if (code > 2) throw new FormatError('FHE-FIELD', `kind: ${code}, expected 0 to 2`)
    const size = code === 2 ? 1 : reader.count('blocks', MAX_BLOCKS)
    if (size === 0) throw new FormatError('FHE-FIELD', 'blocks: a value of none')
    blocks += size
    return code === 2 ? 'bool' : `${code === 0 ? 'u' : 'i'}${2 * size}`
  })
  return { names, blocks }
}

/** Lists are filled in order: all but the last alike, and together just the pairs that the values need. */
function checkShape(pairs: readonly number[], blocks: number): void {
  const [first = 0] = pairs
  const last = pairs.at(-1) ?? 0
  const uneven = pairs.slice(0, -1).some((one) => one !== first) || last > first
  const sum = pairs.reduce((total, one) => total + one, 0)
  if (uneven || sum !== Math.ceil(blocks / 2)) {
    throw new FormatError(
      'FHE-LIST-SHAPE',
      `${pairs.length} lists of ${sum} pairs in all for ${blocks} blocks`,
    )
  }
}
