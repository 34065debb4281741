import { sha256, toHex } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { headerNode, leafHash, nextNode } from './chain.ts'
import type { Entry, Header } from './schema.ts'

/** Where a transcript stands after some entries: all that is needed to append the next and to make a checkpoint. */
export type TranscriptState = {
  readonly size: number
  readonly node: Uint8Array
  readonly frontier: Frontier
}

/** The transcript before its first entry. */
export function openTranscript(header: Header): TranscriptState {
  return { size: 0, node: headerNode(header), frontier: emptyFrontier }
}

/** Appends one entry. CHAIN-SEQ refuses an entry whose `seq` is not the number of entries before it. */
export function appendEntry(transcript: TranscriptState, entry: Entry): Outcome<TranscriptState> {
  if (entry.seq !== String(transcript.size)) {
    return refuse('CHAIN-SEQ', `entry ${entry.seq} stands where entry ${transcript.size} belongs`)
  }
  const leaf = leafHash(entry)
  return accept({
    size: transcript.size + 1,
    node: nextNode(transcript.node, leaf),
    frontier: appendLeaf(transcript.frontier, leaf),
  })
}

/** `{size, node, root}` as a checkpoint and a bundle's predicate write them. */
export type Head = { size: string; node: string; root: string }

export function headOf({ size, node, frontier }: TranscriptState): Head {
  return { size: String(size), node: toHex(node), root: toHex(frontierRoot(frontier)) }
}

const nodeTag = Uint8Array.of(0x01)

/**
 * The right edge of a growing RFC 9162 tree: roots of its perfect subtrees, largest first. `size` says which:
 * one per bit that is set in it.
 */
export type Frontier = { readonly size: number; readonly roots: readonly Uint8Array[] }

const emptyFrontier: Frontier = { size: 0, roots: [] }

/** The frontier with one more leaf (32 bytes). */
function appendLeaf({ size, roots }: Frontier, leaf: Uint8Array): Frontier {
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
function frontierRoot({ roots }: Frontier): Uint8Array {
  const last = roots.at(-1)
  if (last === undefined) return sha256()
  return roots.slice(0, -1).reduceRight((right, left) => sha256(nodeTag, left, right), last)
}
