import { concatBytes, consistencyProof, inclusionProof, joinBytes, toHex } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { leafHash } from './chain.ts'
import { appendEntry, type Head, headOf, openTranscript, type TranscriptState } from './fold.ts'
import { type Entry, entryCodec, type Header, headerCodec } from './schema.ts'

const lineFeed = 0x0a

/** No line of a transcript is longer, LF excluded. */
const maxLine = 1 << 20
/** No transcript has more entries. */
export const maxEntries = 1_000_000

/** The first line of transcript.jsonl: JCS(header) LF. */
export function encodeHeaderLine(header: Header): Uint8Array {
  return concatBytes(headerCodec.encode(header), Uint8Array.of(lineFeed))
}

/** One more line: JCS(entry) LF. */
export function encodeEntryLine(entry: Entry): Uint8Array {
  return concatBytes(entryCodec.encode(entry), Uint8Array.of(lineFeed))
}

export function encodeTranscript(header: Header, entries: readonly Entry[]): Uint8Array {
  return joinBytes([encodeHeaderLine(header), ...entries.map(encodeEntryLine)])
}

/** A transcript's lines, parsed one by one as bytes arrive, so that a long one is never held whole. */
export type LineReader = {
  /** Takes the next bytes; refuses CHAIN-LINE, CHAIN-LONG, HEADER-MALFORMED or ENTRY-MALFORMED, then nothing more. */
  push(bytes: Uint8Array): Outcome<null>
  /** CHAIN-TRUNCATED when the last line has no LF or there is no header. */
  end(): Outcome<null>
}

type Sink = {
  header(header: Header): Outcome<null>
  entry(entry: Entry): Outcome<null>
}

export function readLines(sink: Sink): LineReader {
  let held: Uint8Array[] = []
  let heldLength = 0
  let lines = 0

  function line(bytes: Uint8Array): Outcome<null> {
    if (bytes.length === 0) return refuse('CHAIN-LINE', `line ${lines + 1} is empty`)
    lines += 1
    if (lines === 1) {
      const header = headerCodec.parse(bytes)
      return header.ok ? sink.header(header.value) : header
    }
    if (lines > maxEntries + 1) return refuse('CHAIN-LONG', `more than ${maxEntries} entries`)
    const entry = entryCodec.parse(bytes)
    if (!entry.ok) return refuse(entry.rule, `line ${lines}: ${entry.detail}`)
    return sink.entry(entry.value)
  }

  return {
    push(bytes) {
      let start = 0
      for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
        if (heldLength + end - start > maxLine) return refuse('CHAIN-LONG', `line ${lines + 1} is too long`)
        const taken = line(joinBytes([...held, bytes.subarray(start, end)]))
        if (!taken.ok) return taken
        held = []
        heldLength = 0
        start = end + 1
      }
      // Copied: the caller may reuse its buffer.
      const rest = bytes.slice(start)
      if (heldLength + rest.length > maxLine) return refuse('CHAIN-LONG', `line ${lines + 1} is too long`)
      if (rest.length > 0) held.push(rest)
      heldLength += rest.length
      return accept(null)
    },
    end() {
      if (heldLength > 0) return refuse('CHAIN-TRUNCATED', `line ${lines + 1} has no line feed`)
      if (lines === 0) return refuse('CHAIN-TRUNCATED', 'no header')
      return accept(null)
    },
  }
}

/** A whole small transcript. Refuses as `readLines` does. */
export function parseTranscript(bytes: Uint8Array): Outcome<{ header: Header; entries: Entry[] }> {
  let header: Header | null = null
  const entries: Entry[] = []
  const reader = readLines({
    header(value) {
      header = value
      return accept(null)
    },
    entry(value) {
      entries.push(value)
      return accept(null)
    },
  })
  const pushed = reader.push(bytes)
  if (!pushed.ok) return pushed
  const ended = reader.end()
  if (!ended.ok) return ended
  return header === null ? refuse('CHAIN-TRUNCATED', 'no header') : accept({ header, entries })
}

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
