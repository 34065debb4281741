import { createHash } from 'node:crypto'

/** A node of a stored tree (RFC 6962): level 0 has the leaves, and the node `index` of a level covers 2^level of them. */
export type Place = { readonly level: number; readonly index: number }
/** Leaves from the first up to the second. */
type Range = readonly [from: number, to: number]

const hashed = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256').update(Buffer.of(tag))
  for (const part of parts) hash.update(part)
  return hash.digest()
}
export const leafHash = (leaf: Uint8Array): Buffer => hashed(0x00, leaf)
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => hashed(0x01, left, right)

export const placeName = ({ level, index }: Place): string => `${level}/${index}`

/** Whole nodes that cover a range which the tree itself splits off, from the left. */
export function nodesOver([from, to]: Range): Place[] {
  const places: Place[] = []
  for (let at = from; at < to; ) {
    const level = Math.floor(Math.log2(to - at))
    places.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return places
}

/** Of nodes that stand beside each other, from the left: the last ones are joined first. */
export function joined(nodes: readonly Uint8Array[]): Buffer {
  const last = nodes.at(-1)
  if (last === undefined) return createHash('sha256').digest()
  return nodes.slice(0, -1).reduceRight((right: Buffer, left) => nodeHash(left, right), Buffer.from(last))
}

/** Ranges whose hashes prove that a leaf is in a tree, the lowest first (RFC 9162 2.1.3.1). */
export function inclusionRanges(leaf: number, [from, to]: Range): Range[] {
  if (to - from <= 1) return []
  const split = from + largestPowerBelow(to - from)
  return leaf < split
    ? [...inclusionRanges(leaf, [from, split]), [split, to]]
    : [...inclusionRanges(leaf, [split, to]), [from, split]]
}

/** Ranges whose hashes prove that a tree goes on from its first `size` leaves, of one or more (RFC 9162 2.1.4.1). */
export function consistencyRanges(size: number, [from, to]: Range, isWhole = true): Range[] {
  if (from + size === to) return isWhole ? [] : [[from, to]]
  const power = largestPowerBelow(to - from)
  const split = from + power
  return size <= power
    ? [...consistencyRanges(size, [from, split], isWhole), [split, to]]
    : [...consistencyRanges(size - power, [split, to], false), [from, split]]
}

function largestPowerBelow(n: number): number {
  let power = 1
  while (power * 2 < n) power *= 2
  return power
}
