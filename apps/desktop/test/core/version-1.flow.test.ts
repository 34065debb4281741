import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { buildPayload, verifyBundle } from '@lux/ceremony/bundle'
import { parsePolicyFile } from '@lux/ceremony/policy'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { compare } from '../../../../packages/ceremony/test/support/second-verifier.ts'
import { findProgram } from '../../src/core/program.ts'
import type { Lineage, RunContext } from '../../src/core/runs/effects/context.ts'
import { bundleParts } from '../../src/core/runs/effects/sealing/bundle-parts.ts'
import { RunFolder } from '../../src/core/runs/folder/run-folder.ts'
import { custody } from './support/cli.ts'
import { startCore } from './support/core-in-test.ts'

vi.setConfig({ testTimeout: 180_000 })

const archive = brotliDecompressSync(readFileSync(new URL('./version-1/store.tar.br', import.meta.url)))
const sealed = '4952c1f832efae44bb0c44263334dae5'
const midway = 'd0f8f2252b0edf1a188cc95c3a5a8f1d'
let place: string
const runOf = (id: string) => join(place, 'store', 'ceremonies', id)
const bytesOf = (...path: string[]) => new Uint8Array(readFileSync(join(...path)))

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'lux-version-1-'))
  mkdirSync(join(place, 'store'))
  execFileSync('tar', ['-xf', '-', '-C', join(place, 'store')], { input: archive })
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

/** The bundle of a run is accepted by both verifiers, and is of version 1. */
async function expectVersion1(folder: string): Promise<void> {
  const policy = parsePolicyFile(bytesOf(folder, 'policy.json'))
  if (!policy.ok) throw new Error(policy.detail)
  const bytes = bytesOf(folder, 'bundle.zip')
  expect(await compare([{ bytes, policy: policy.value }])).toEqual([{ verdict: 'accepted', failed: [] }])
  const reader = {
    size: bytes.length,
    read: async (at: number, length: number) => bytes.slice(at, at + length),
  }
  const { contents } = await verifyBundle(reader, { policy: policy.value })
  expect([contents?.predicate.v, contents?.header?.v]).toEqual([1, 1])
}

describe('what release 0.1.0 left on a disk', () => {
  test('a store opens with its settings, people and ceremonies', async () => {
    const core = await startCore(place, await findProgram())
    try {
      const listed = await core.call('ceremonies.list', {})
      expect(listed).toMatchObject({ ok: true, value: { unreadable: [] } })
      expect(JSON.stringify(listed)).toContain(sealed)
      expect(JSON.stringify(listed)).toContain(midway)
      expect(await core.call('settings.get', {})).toMatchObject({
        ok: true,
        value: { language: 'ar', theme: 'dark', textSize: 125 },
      })
    } finally {
      await core.stop()
    }
  })

  test('a sealed run opens where it ended, and its bundle is built again to the same bytes', async () => {
    const folder = RunFolder.open(runOf(sealed))
    try {
      expect(folder.state.base).toBe('Sealed')
      expect(folder.plan.v).toBe(1)
      // Written by the build of the bundle alone.
      const { effect, lineage } = folder.readDocument('build-bundle.json') as unknown as {
        effect: Parameters<typeof bundleParts>[0]
        lineage: Lineage
      }
      // Nothing else of a run is asked for the parts.
      const parts = bundleParts(effect, { folder } as RunContext, [lineage])
      expect(buildPayload(parts)).toEqual(bytesOf(folder.path, 'bundle-payload.json'))
    } finally {
      folder.close()
    }
    await expectVersion1(runOf(sealed))
  })

  test('a run that was killed half-way goes on to its end, and writes version 1', async () => {
    const token = join(runOf(midway), 'token')
    // The file names the place of the tokens.
    const lines = [
      `directories.tokendir = ${join(token, 'tokens')}`,
      'objectstore.backend = file',
      'log.level = ERROR',
      'slots.removable = false',
    ]
    writeFileSync(join(token, 'softhsm2.conf'), `${lines.join('\n')}\n`)
    const ended = await custody(['ceremony', 'resume', runOf(midway)])
    expect(ended).toMatchObject({ code: 0, json: { ok: true } })
    await expectVersion1(runOf(midway))
    const transcript = readFileSync(join(runOf(midway), 'transcript.jsonl'), 'utf8')
    expect(transcript).toContain('"effect":"probe-token"')
    expect(transcript).not.toContain('"firmware":')
  })
})
