import { concatBytes, joinBytes } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
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
