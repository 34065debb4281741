import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TranscriptIndex } from '../apps/desktop/src/core/services/transcript.ts'
import {
  appendEntry,
  encodeTranscript,
  type FullEntry,
  type Header,
  headOf,
  openTranscript,
  verifyTranscript,
} from '../packages/ceremony/src/exports/transcript.ts'
import { type Row, timeRow } from './row.ts'

const entries = 10_000
const rounds = 7
/** Milliseconds that each may take at most. */
const most = { append: 1000, verify: 1000, filter: 300 }
/** KiB, 64 MB. */
const mostGrown = 62_500

/**
 * A transcript of 10,000 entries in memory. It is chained entry by entry and verified from its bytes. It is also filtered, as on screen,
 * for a text that one entry in a hundred has. The limit is the permitted time, not the best possible.
 */
export async function benchTranscript(): Promise<Row[]> {
  const all = Array.from({ length: entries }, (_, seq) => entryAt(seq))
  const bytes = encodeTranscript(header, all)
  const taken = { append: [] as number[], verify: [] as number[], filter: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    taken.append.push(timed(() => chained(all)))
    taken.verify.push(timed(() => verified(bytes)))
    const index = new TranscriptIndex()
    index.add(all)
    taken.filter.push(timed(() => found(index)))
  }
  const rows = (['append', 'verify', 'filter'] as const).map((work) =>
    timeRow({ work: `${work} 10,000 entries`, ours: taken[work], limit: [most[work]], goal: 1 }),
  )
  return [...rows, growthRow(largeBundle())]
}

/** KiB by which a process grew that built and verified a bundle of 331 MB. */
function largeBundle(): number {
  const folder = mkdtempSync(join(tmpdir(), 'large-bundle-'))
  try {
    const run = (what: string) =>
      execFileSync(
        process.execPath,
        ['--expose-gc', join(import.meta.dirname, 'large-bundle.ts'), what, folder],
        { encoding: 'utf8' },
      )
    run('make')
    return Number(run('measure'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function growthRow(grown: number): Row {
  return {
    work: 'memory grown by, a bundle of 331 MB built and verified',
    unit: 'KB',
    ours: grown,
    limit: mostGrown,
    ratio: Math.round((mostGrown / grown) * 1000) / 1000,
    goal: 1,
    memoryMiB: null,
  }
}

/** Milliseconds of the processor, all threads together: what others do on the machine adds nothing. */
function timed(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function chained(all: readonly FullEntry[]): void {
  let transcript = openTranscript(header)
  for (const entry of all) {
    const appended = appendEntry(transcript, entry)
    if (!appended.ok) throw new Error(appended.detail)
    transcript = appended.value
  }
  if (headOf(transcript).size !== String(entries)) throw new Error('entries are missing')
}

function verified(bytes: Uint8Array): void {
  const verifier = verifyTranscript(new Set([String(entries)]))
  const pushed = verifier.push(bytes)
  if (!pushed.ok) throw new Error(pushed.detail)
  const ended = verifier.end()
  if (!ended.ok) throw new Error(ended.detail)
}

function found(index: TranscriptIndex): void {
  const { length } = index.matching({ text: 'Every Hundredth' })
  if (length !== entries / 100) throw new Error(`${length} entries match`)
}

const digest = '0a'.repeat(32)
const header: Header = {
  v: 2,
  ceremonyId: '0b'.repeat(16),
  created: '2026-01-31T09:00:00.000Z',
  domain: 'rehearsal',
  planHash: digest,
  planPolicy: digest,
  policyDigest: digest,
  tool: { version: '0', build: digest },
  machine: { measurement: digest, kernel: 'Linux', tpmQuote: 'none' },
  tokens: [],
  roster: [],
  standIns: [],
}

function entryAt(seq: number): FullEntry {
  const text = seq % 100 === 0 ? 'every hundredth' : `note ${seq}`
  return {
    seq: String(seq),
    time: '2026-01-31T09:00:00.000Z',
    stepId: 'confirm',
    kind: 'note.made',
    salt: seq.toString(16).padStart(32, '0'),
    fact: { by: 'Recorder', text: `${text} ${'of what was seen and heard in the room '.repeat(8)}` },
  }
}
