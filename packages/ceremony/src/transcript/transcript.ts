import { consistencyProof, inclusionProof, toHex } from '@lux/crypto'
import { leafHash } from './chain.ts'
import { appendEntry, type Head, headOf, openTranscript, type TranscriptState } from './fold.ts'
import type { Entry, Header } from './schema.ts'

/** A transcript that grows entry by entry and remembers its head at every size, and its leaves for proofs. */
export class Transcript {
  #state: TranscriptState
  readonly #heads: TranscriptState[]
  readonly #leaves: Uint8Array[] = []

  constructor(header: Header) {
    this.#state = openTranscript(header)
    this.#heads = [this.#state]
  }

  get size(): number {
    return this.#state.size
  }

  /** Throws RangeError when the entry's `seq` is not the number of entries before it. */
  append(entry: Entry): void {
    const appended = appendEntry(this.#state, entry)
    if (!appended.ok) throw new RangeError(`${appended.rule}: ${appended.detail}`)
    this.#state = appended.value
    this.#heads.push(this.#state)
    this.#leaves.push(leafHash(entry))
  }

  /** `{size, node, root}` after the first `size` entries. */
  headAt(size: number): Head {
    const state = this.#heads[size]
    if (state === undefined) throw new RangeError(`size: expected 0 to ${this.size}, got ${size}`)
    return headOf(state)
  }

  /** RFC 9162 proof, hex hashes, that the first `from` entries are a prefix of the first `to`. */
  consistency(from: number, to: number): string[] {
    this.headAt(to)
    return consistencyProof(this.#leaves.slice(0, to), from).map(toHex)
  }

  /** RFC 9162 proof, hex hashes, that the entry at `seq` is among the first `size`. */
  inclusion(seq: number, size: number): string[] {
    this.headAt(size)
    return inclusionProof(this.#leaves.slice(0, size), seq).map(toHex)
  }
}
