import { toHex } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { headerNode, leafHash, nextNode } from './chain.ts'
import { appendLeaf, emptyFrontier, type Frontier, frontierRoot } from './frontier.ts'
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
