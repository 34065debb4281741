import { sha256 } from '@lux/crypto'

const nodeTag = Uint8Array.of(0x01)

/**
 * The right edge of a growing RFC 9162 tree: roots of its perfect subtrees, largest first. `size` says which:
 * one per bit that is set in it.
 */
export type Frontier = { readonly size: number; readonly roots: readonly Uint8Array[] }

export const emptyFrontier: Frontier = { size: 0, roots: [] }

/** The frontier with one more leaf (32 bytes). */
export function appendLeaf({ size, roots }: Frontier, leaf: Uint8Array): Frontier {
  const next = [...roots]
  let root = leaf
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
    const left = next.pop()
    if (left === undefined) throw new RangeError('frontier: fewer roots than its size has bits')
    root = sha256(nodeTag, left, root)
  }
  next.push(root)
  return { size: size + 1, roots: next }
}

/** The tree's root; SHA-256 of nothing when it is empty. */
export function frontierRoot({ roots }: Frontier): Uint8Array {
  const last = roots.at(-1)
  if (last === undefined) return sha256()
  return roots.slice(0, -1).reduceRight((right, left) => sha256(nodeTag, left, right), last)
}
