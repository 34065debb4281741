import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromSystemError } from '@lux/node-files'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { copyToMedium } from '../../../../src/core/runs/effects/sealing/bundle.ts'

let folder: string
let from: string
let medium: string
let to: string
const bytes = Buffer.alloc(13 << 20, 7)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'medium-'))
  from = join(folder, 'bundle.zip')
  medium = join(folder, 'medium')
  to = join(medium, 'copy.zip')
  writeFileSync(from, bytes)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** How often the writing tells how far it is, and the copy with the medium pulled out at one of these places; null: never. */
async function copied(pulledAt: number | null): Promise<number> {
  mkdirSync(medium, { recursive: true })
  let told = 0
  await copyToMedium(from, to, {
    signal: new AbortController().signal,
    progress(fraction) {
      if (fraction > 0.5) return
      if (told === pulledAt) rmSync(medium, { recursive: true })
      told += 1
    },
  })
  return told
}

test('a medium that is pulled out at any write is told, loses nothing of the run, and takes the copy once it is back', async () => {
  const places = await copied(null)
  expect(places).toBeGreaterThan(2)
  for (let at = 0; at < places; at += 1) {
    const failed = await copied(at).then(
      () => null,
      (error: unknown) => error,
    )
    expect([at, fromSystemError(failed)?.code]).toEqual([at, 'FILE-MISSING'])
    expect(existsSync(to)).toBe(false)
    expect(readFileSync(from).equals(bytes)).toBe(true)
    await copied(null)
    expect(readdirSync(medium)).toEqual(['copy.zip'])
    expect(readFileSync(to).equals(bytes)).toBe(true)
  }
})
