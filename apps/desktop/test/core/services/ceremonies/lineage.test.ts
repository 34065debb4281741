import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeDurably } from '@lux/node-files'
import { afterEach, expect, test } from 'vitest'
import type { RunFolder } from '../../../../src/core/runs/folder/run-folder.ts'
import { lineageOf } from '../../../../src/core/services/ceremonies/lineage.ts'

const made: string[] = []
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const audience = 'aa'.repeat(32)
const digestOf = (n: number) => String(n).padStart(64, '0')

/** What lineageOf reads of a run; the rest of a folder has no part in it. */
function run(
  n: number,
  options: { receipted?: number; sealed?: boolean; audience?: string; sequence?: number } = {},
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
    readDocument: (name: string) =>
      name === 'build-bundle.json' ? { lineage: { sequence: String(options.sequence ?? n) } } : receipt,
  } as unknown as RunFolder
}

test('the first bundle for a server is number 1 and follows nothing', () => {
  const own = run(1)
  expect(lineageOf(own, audience, [own])).toEqual({ sequence: '1', previous: null, supersedes: [] })
})

test('a bundle follows the last one that the server receipted', () => {
  const own = run(3)
  expect(lineageOf(own, audience, [run(1, { receipted: 1 }), run(2, { receipted: 2 }), own])).toEqual({
    sequence: '3',
    previous: digestOf(2),
    supersedes: [],
  })
})

test('bundles that were sealed since and never receipted are replaced by name', () => {
  const own = run(4)
  const others = [run(1, { receipted: 1 }), run(2), run(3, { sealed: false }), own]
  expect(lineageOf(own, audience, others)).toEqual({
    sequence: '3',
    previous: digestOf(1),
    supersedes: [digestOf(2)],
  })
})

test('another server’s bundles do not count', () => {
  const own = run(2)
  const others = [run(1, { receipted: 7, audience: 'bb'.repeat(32) }), own]
  expect(lineageOf(own, audience, others)).toEqual({ sequence: '1', previous: null, supersedes: [] })
})

test('SEQUENCE a run that was begun later and receipted earlier is what the server stands at', () => {
  const own = run(1)
  expect(lineageOf(own, audience, [own, run(2, { receipted: 1 })])).toEqual({
    sequence: '2',
    previous: digestOf(2),
    supersedes: [],
  })
})

test('SEQUENCE what is replaced goes by the numbers that bundles have, not by when their runs were begun', () => {
  const own = run(2)
  const others = [
    run(1, { sequence: 5 }),
    run(3, { receipted: 3, sequence: 3 }),
    run(4, { sequence: 4 }),
    // Sent before the server took number 3 in, which replaced it.
    run(5, { sequence: 2 }),
    run(6, { receipted: 1, sequence: 1 }),
    own,
  ]
  expect(lineageOf(own, audience, others)).toEqual({
    sequence: '6',
    previous: digestOf(3),
    supersedes: [digestOf(4), digestOf(1)],
  })
})
