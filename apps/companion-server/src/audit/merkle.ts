import { hash as hashNow } from 'node:crypto'
import { concatBytes, equalBytes, lp, u64be, utf8 } from '@lux/crypto'

const leafTag = Uint8Array.of(0x20)
const nodeTag = Uint8Array.of(0x21)

// By the runtime's own code: a checkpoint each second covers all that a second brought.
const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  hashNow('sha256', concatBytes(...parts), 'buffer')

/** One entry in a checkpoint's tree: SHA-256(0x20 | lp(writer) | seq u64be | hash). */
export function entryNode(writer: string, seq: bigint, hash: Uint8Array): Uint8Array {
  return sha256(leafTag, lp(utf8(writer)), u64be(seq), hash)
}

/** A step on the way to the root: the other half, and on which side it stands. */
export type PathStep = { readonly side: 'left' | 'right'; readonly hash: Uint8Array }

/** SHA-256(0x21 | left | right) over pairs; a last one without a pair goes up as it is. Of one node or more. */
export function merkleRoot(nodes: readonly Uint8Array[]): Uint8Array {
  let level = nodes
  while (level.length > 1) level = parents(level)
  const [root] = level
  if (root === undefined) throw new RangeError('a tree has at least one node')
  return root
}

export function merklePath(nodes: readonly Uint8Array[], index: number): PathStep[] {
  const path: PathStep[] = []
  let at = index
  for (let level = nodes; level.length > 1; level = parents(level)) {
    const other = level[at ^ 1]
    if (other !== undefined) path.push({ side: at % 2 === 1 ? 'left' : 'right', hash: other })
    at >>= 1
  }
  return path
}

export function leadsTo(root: Uint8Array, node: Uint8Array, path: readonly PathStep[]): boolean {
  let at = node
  for (const { side, hash } of path)
    at = side === 'left' ? sha256(nodeTag, hash, at) : sha256(nodeTag, at, hash)
  return equalBytes(at, root)
}

function parents(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = []
  for (let at = 0; at < level.length; at += 2) {
    const [left, right] = [level[at], level[at + 1]]
    if (left !== undefined) above.push(right === undefined ? left : sha256(nodeTag, left, right))
  }
  return above
}
