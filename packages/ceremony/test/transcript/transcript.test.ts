import { fromHex, merkleRoot, toHex, verifyConsistency, verifyInclusion } from '@lux/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareHeads,
  type Entry,
  encodeHeaderLine,
  encodeTranscript,
  type FullEntry,
  type Header,
  leafHash,
  parseTranscript,
  redact,
  Transcript,
  verifyTranscript,
} from '../../src/exports/transcript.ts'

const header: Header = {
  v: 1,
  ceremonyId: '11'.repeat(16),
  created: '2026-01-15T09:00:00.000Z',
  domain: 'rehearsal',
  planHash: '22'.repeat(32),
  planPolicy: '33'.repeat(32),
  policyDigest: '44'.repeat(32),
  tool: { version: '0.1.0', build: `dev:${'5'.repeat(40)}` },
  machine: { measurement: '66'.repeat(32), kernel: 'Linux', tpmQuote: 'none' },
  tokens: [],
  roster: [],
  standIns: [{ what: 'card', name: 'Ada', listed: '77'.repeat(32), standIn: '88'.repeat(32) }],
}

function entriesOf(count: number): FullEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    seq: String(index),
    time: '2026-01-15T09:00:00.000Z',
    stepId: `step-${index % 3}`,
    kind: 'step.performed',
    salt: index.toString(16).padStart(32, '0'),
    fact: { index, text: `fact ${index}`, deep: [{ yes: true }, null] },
  }))
}

function headOf(entries: readonly Entry[], of: Header = header) {
  const transcript = new Transcript(of)
  for (const entry of entries) transcript.append(entry)
  return transcript.headAt(entries.length)
}

/** What a verifier says of bytes that are claimed to lead to `signed`. */
function judge(bytes: Uint8Array, signed: ReturnType<typeof headOf>): string {
  const verifier = verifyTranscript(new Set())
  const pushed = verifier.push(bytes)
  if (!pushed.ok) return pushed.rule
  const ended = verifier.end()
  if (!ended.ok) return ended.rule
  const same = compareHeads(ended.value.head, signed)
  return same.ok ? 'accepted' : same.rule
}

describe('transcript chain', () => {
  it('CHAIN-NODE any changed, dropped, repeated or swapped entry is found', () => {
    const change = fc.constantFrom('time', 'stepId', 'kind', 'salt', 'fact', 'drop', 'repeat', 'swap')
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 24 }), fc.nat(), change, (count, at, what) => {
        const entries = entriesOf(count)
        const signed = headOf(entries)
        const index = at % (count - 1)
        const entry = entries[index]!
        const next = entries[index + 1]!
        const changed: FullEntry[] = [...entries]
        if (what === 'drop') changed.splice(index, 1)
        else if (what === 'repeat') changed.splice(index, 0, entry)
        else if (what === 'swap')
          changed.splice(index, 2, { ...next, seq: entry.seq }, { ...entry, seq: next.seq })
        else if (what === 'fact') changed[index] = { ...entry, fact: { ...entry.fact, index: -1 } }
        else if (what === 'salt') changed[index] = { ...entry, salt: 'f'.repeat(32) }
        else if (what === 'time') changed[index] = { ...entry, time: '2026-01-15T09:00:00.001Z' }
        else changed[index] = { ...entry, [what]: 'other' }
        if (what === 'drop' || what === 'repeat') {
          expect(judge(encodeTranscript(header, changed), signed)).toBe('CHAIN-SEQ')
          const renumbered = changed.map((one, seq) => ({ ...one, seq: String(seq) }))
          expect(judge(encodeTranscript(header, renumbered), signed)).toBe('CHAIN-SIZE')
        } else {
          expect(judge(encodeTranscript(header, changed), signed)).toBe('CHAIN-NODE')
        }
      }),
      { numRuns: 200 },
    )
  })

  it('CHAIN-NODE any changed header is found', () => {
    const entries = entriesOf(3)
    const other = { ...header, created: '2026-01-15T09:00:00.001Z' }
    expect(judge(encodeTranscript(other, entries), headOf(entries))).toBe('CHAIN-NODE')
  })

  it('CHAIN-TRUNCATED a transcript cut anywhere is refused, at a line or inside one', () => {
    const entries = entriesOf(4)
    const bytes = encodeTranscript(header, entries)
    const signed = headOf(entries)
    for (let length = 0; length < bytes.length; length++) {
      expect(['CHAIN-TRUNCATED', 'CHAIN-SIZE']).toContain(judge(bytes.slice(0, length), signed))
    }
  })

  it('SIGNED-HERE names who signed or proved something at the workstation itself, each once, and nobody else', () => {
    const own = (kind: string, fact: object) => ({ kind, fact: { signature: null, ...fact } })
    const said = [
      own('signature.accepted', { name: 'Otto', here: true }),
      own('checkpoint.cosigned', { name: 'Walter' }),
      own('holder.acknowledged', { name: 'Hal', payload: { name: 'Another' }, here: true }),
      own('custodian.acknowledged', { payload: { name: 'Cleo' }, here: true }),
      own('custodian.acknowledged', { payload: { name: 'Carl' } }),
      own('note.made', { name: 'Nora', here: true }),
    ]
    const bytes = encodeTranscript(
      header,
      entriesOf(said.length).map((entry, at) => ({ ...entry, ...said[at] })),
    )
    const verifier = verifyTranscript(new Set())
    expect(verifier.push(bytes).ok).toBe(true)
    expect(verifier.end()).toMatchObject({ ok: true, value: { signedHere: ['Otto', 'Hal', 'Cleo'] } })
  })

  it('is read alike in pieces of any size', () => {
    const entries = entriesOf(5)
    const bytes = encodeTranscript(header, entries)
    for (const piece of [1, 7, 64, 1000]) {
      const verifier = verifyTranscript(new Set(['2']))
      for (let at = 0; at < bytes.length; at += piece) {
        expect(verifier.push(bytes.subarray(at, at + piece)).ok).toBe(true)
      }
      const ended = verifier.end()
      expect(ended.ok && ended.value.heads.get('2')).toEqual(headOf(entries.slice(0, 2)))
    }
  })

  it('a redacted fact leaves chain and root as they were, and parses', () => {
    const entries = entriesOf(6)
    const redacted = entries.map((entry, index) => (index % 2 === 0 ? redact(entry) : entry))
    expect(headOf(redacted)).toEqual(headOf(entries))
    const parsed = parseTranscript(encodeTranscript(header, redacted))
    expect(parsed.ok && parsed.value.entries).toEqual(redacted)
  })

  it('HEADER-MALFORMED, ENTRY-MALFORMED unknown members and other spellings are refused', () => {
    const text = new TextDecoder().decode(encodeHeaderLine(header))
    const bytes = (line: string) => new TextEncoder().encode(line)
    expect(judge(bytes(text.replace('{', '{"a":1,')), headOf([]))).toBe('HEADER-MALFORMED')
    expect(judge(bytes(text.replace(':1', ': 1')), headOf([]))).toBe('HEADER-MALFORMED')
    expect(judge(bytes(`${text}{"seq":"0"}\n`), headOf([]))).toBe('ENTRY-MALFORMED')
    expect(judge(bytes(`${text}\n`), headOf([]))).toBe('CHAIN-LINE')
  })
})

describe('transcript tree', () => {
  it('the frontier has the root of RFC 9162 at every size', () => {
    const entries = entriesOf(33)
    const transcript = new Transcript(header)
    const leaves = entries.map(leafHash)
    expect(transcript.headAt(0).root).toBe(toHex(merkleRoot([])))
    for (const [index, entry] of entries.entries()) {
      transcript.append(entry)
      expect(transcript.headAt(index + 1).root).toBe(toHex(merkleRoot(leaves.slice(0, index + 1))))
    }
  })

  it('its inclusion and consistency proofs verify', () => {
    const entries = entriesOf(13)
    const transcript = new Transcript(header)
    for (const entry of entries) transcript.append(entry)
    const hashes = (proof: string[]) => proof.map((hash) => fromHex(hash, 32))
    const root = (size: number) => fromHex(transcript.headAt(size).root, 32)
    for (let from = 1; from <= 13; from++) {
      const proof = hashes(transcript.consistency(from, 13))
      expect(
        verifyConsistency({ first: from, second: 13, firstRoot: root(from), secondRoot: root(13), proof }),
      ).toBe(true)
      const leaf = leafHash(entries[from - 1]!)
      const path = hashes(transcript.inclusion(from - 1, 13))
      expect(verifyInclusion({ leaf, index: from - 1, size: 13, root: root(13), proof: path })).toBe(true)
    }
  })
})
