import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { entryCodec, type FullEntry } from '@lux/ceremony/transcript'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TranscriptIndex } from '../../../src/core/services/transcript.ts'
import { RunDatabase } from '../../../src/core/store/run-database.ts'

const count = 10_000
let folder: string
let log: RunDatabase
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lux-transcript-'))
  log = new RunDatabase(join(folder, 'ceremony.db'))
  const lines = Array.from({ length: count }, (_, seq) => {
    const entry: FullEntry = {
      seq: String(seq),
      time: '2026-11-24T16:00:00.000Z',
      stepId: `step-${seq % 20}`,
      kind: seq % 2 === 0 ? 'step.intended' : 'step.performed',
      salt: '00112233445566778899aabbccddeeff',
      fact: { attempt: '1', note: `Line ${seq}` },
    }
    return { seq, time: entry.time, step: entry.stepId, kind: entry.kind, line: entryCodec.encode(entry) }
  })
  log.append(lines)
})
afterAll(() => {
  log.close()
  rmSync(folder, { recursive: true, force: true })
})

function* read(from: number): Generator<FullEntry> {
  for (const { line } of log.lines(from)) {
    const parsed = entryCodec.parse(line)
    if (!parsed.ok || !('fact' in parsed.value)) throw new Error('an entry does not parse')
    yield parsed.value
  }
}

test('TRANSCRIPT-FILTER ten thousand entries of a store are filtered by words, kinds and places', () => {
  const index = new TranscriptIndex()
  index.add(read(0))
  expect(index.matching({ text: 'line 99' })).toHaveLength(111)
  expect(index.matching({ text: 'LINE 9999' }).map(({ seq }) => seq)).toEqual(['9999'])
  expect(index.matching({ kinds: ['step.intended'] })).toHaveLength(count / 2)
  expect(index.matching({ text: 'step-19 ' })).toHaveLength(count / 20)
  expect(index.kinds).toEqual(['step.intended', 'step.performed'])
})

test('TRANSCRIPT-FILTER what is added after a filter was asked for is found by it', () => {
  const index = new TranscriptIndex()
  index.add(read(count - 5))
  expect(index.matching({})).toHaveLength(5)
  const [entry] = [...read(0)]
  if (entry === undefined) throw new Error('the log is empty')
  index.add([entry])
  expect(index.matching({})).toHaveLength(6)
  expect(index.size).toBe(6)
})
