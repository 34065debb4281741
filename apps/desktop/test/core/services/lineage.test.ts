import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { RunFolder } from '../../../src/core/run/run-folder.ts'
import { lineageOf } from '../../../src/core/services/lineage.ts'
import { writeDurably } from '../../../src/core/store/durable-file.ts'

const made: string[] = []
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const audience = 'aa'.repeat(32)
const digestOf = (n: number) => String(n).padStart(64, '0')

/** What lineageOf reads of a run; the rest of a folder has no part in it. */
function run(
  n: number,
  options: { receipted?: number; sealed?: boolean; audience?: string } = {},
): RunFolder {
  const path = mkdtempSync(join(tmpdir(), 'lux-lineage-'))
  made.push(path)
  const to = options.audience ?? audience
  const receipt = {
    payload: {
      v: 1,
      kind: 'receipt',
      domain: 'rehearsal',
      ceremonyId: String(n).padStart(32, '0'),
      bundleDigest: digestOf(n),
      audience: to,
      sequence: String(options.receipted ?? 0),
      roots: [],
      policyVersion: 1,
      policyDigest: digestOf(0),
      time: '2026-01-01T00:00:00.000Z',
    },
    signatures: [],
  }
  const file = join(path, 'receipts', `${to}.json`)
  if (options.receipted !== undefined) writeDurably(file, new TextEncoder().encode(JSON.stringify(receipt)))
  return {
    path,
    header: { created: `2026-01-0${n}T00:00:00.000Z` },
    state: {
      ceremonyId: String(n).padStart(32, '0'),
      domain: 'rehearsal',
      destinations: [{ audience: to }],
      bundle: options.sealed === false ? null : { digest: digestOf(n), sha256: digestOf(n) },
    },
    readDocument: () => receipt,
  } as unknown as RunFolder
}

test('the first bundle for a server is number 1 and follows nothing', () => {
  const own = run(1)
  expect(lineageOf(own, [own])).toEqual({ sequence: '1', previous: null, supersedes: [] })
})

test('a bundle follows the last one that the server receipted', () => {
  const own = run(3)
  expect(lineageOf(own, [run(1, { receipted: 1 }), run(2, { receipted: 2 }), own])).toEqual({
    sequence: '3',
    previous: digestOf(2),
    supersedes: [],
  })
})

test('bundles that were sealed since and never receipted are replaced by name', () => {
  const own = run(4)
  const others = [run(1, { receipted: 1 }), run(2), run(3, { sealed: false }), own]
  expect(lineageOf(own, others)).toEqual({ sequence: '3', previous: digestOf(1), supersedes: [digestOf(2)] })
})

test('another server’s bundles and later runs do not count', () => {
  const own = run(2)
  const others = [run(1, { receipted: 7, audience: 'bb'.repeat(32) }), run(3, { receipted: 1 }), own]
  expect(lineageOf(own, others)).toEqual({ sequence: '1', previous: null, supersedes: [] })
})
