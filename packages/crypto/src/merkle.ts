import { equalBytes } from './bytes.ts'
import { sha256 } from './hash.ts'

const nodeTag = Uint8Array.of(1)

/** What an auditor needs to see that one leaf lies in a tree. Hashes are 32 bytes. */
type InclusionClaim = {
  readonly leaf: Uint8Array
  readonly index: number
  readonly size: number
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** What an auditor needs to see that one tree is a prefix of another. Hashes are 32 bytes. */
type ConsistencyClaim = {
  readonly first: number
  readonly second: number
  readonly firstRoot: Uint8Array
  readonly secondRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** Root of the tree over given leaf hashes (32 bytes each); SHA-256 of nothing when there are none. RFC 9162 2.1.1. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves
  if (first === undefined) return sha256()
  if (leaves.length === 1) return first
  const split = largestPowerBelow(leaves.length)
  return node(merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)))
}

/** Proof that the leaf at `index` (from 0) is in the tree, lowest sibling first. RFC 9162 2.1.3.1. */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`index: expected 0 to ${leaves.length - 1}, got ${index}`)
  }
  if (leaves.length === 1) return []
  const split = largestPowerBelow(leaves.length)
  return index < split
    ? [...inclusionProof(leaves.slice(0, split), index), merkleRoot(leaves.slice(split))]
    : [...inclusionProof(leaves.slice(split), index - split), merkleRoot(leaves.slice(0, split))]
}

/** Proof that the tree of the first `first` leaves (at least 1) is a prefix of the whole. RFC 9162 2.1.4.1. */
export function consistencyProof(leaves: readonly Uint8Array[], first: number): Uint8Array[] {
  if (!Number.isSafeInteger(first) || first < 1 || first > leaves.length) {
    throw new RangeError(`first: expected 1 to ${leaves.length}, got ${first}`)
  }
  return subproof(leaves, first, true)
}

/** Whether the proof shows the leaf at its index under the root; any malformed claim is false. RFC 9162 2.1.3.2. */
export function verifyInclusion({ leaf, index, size, root, proof }: InclusionClaim): boolean {
  if (!isSize(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return false
  if (![leaf, root, ...proof].every(isHash)) return false
  let fn = index
  let sn = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      hash = node(sibling, hash)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      hash = node(hash, sibling)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && equalBytes(hash, root)
}

/** Whether the proof shows the second tree to extend the first (of 1 leaf or more); any malformed claim is false. RFC 9162 2.1.4.2. */
export function verifyConsistency({
  first,
  second,
  firstRoot,
  secondRoot,
  proof,
}: ConsistencyClaim): boolean {
  if (!isSize(first) || !isSize(second) || first > second) return false
  if (![firstRoot, secondRoot, ...proof].every(isHash)) return false
  if (first === second) return proof.length === 0 && equalBytes(firstRoot, secondRoot)
  const [seed, ...path] = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof
  if (seed === undefined || proof.length === 0) return false
  let fn = first - 1
  let sn = second - 1
  while (fn % 2 === 1) {
    fn = half(fn)
    sn = half(sn)
  }
  let firstHash = seed
  let secondHash = seed
  for (const sibling of path) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      firstHash = node(sibling, firstHash)
      secondHash = node(sibling, secondHash)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      secondHash = node(secondHash, sibling)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && equalBytes(firstHash, firstRoot) && equalBytes(secondHash, secondRoot)
}

function subproof(leaves: readonly Uint8Array[], first: number, whole: boolean): Uint8Array[] {
  if (first === leaves.length) return whole ? [] : [merkleRoot(leaves)]
  const split = largestPowerBelow(leaves.length)
  return first <= split
    ? [...subproof(leaves.slice(0, split), first, whole), merkleRoot(leaves.slice(split))]
    : [...subproof(leaves.slice(split), first - split, false), merkleRoot(leaves.slice(0, split))]
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(nodeTag, left, right)
}

function largestPowerBelow(n: number): number {
  let power = 1
  while (2 * power < n) power *= 2
  return power
}

function isPowerOfTwo(n: number): boolean {
  return n === 1 || 2 * largestPowerBelow(n) === n
}

function half(n: number): number {
  return Math.floor(n / 2)
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === 32
}

function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 1
}
