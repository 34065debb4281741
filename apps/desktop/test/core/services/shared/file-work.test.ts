import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileReader, watchedReader, writeNewFile } from '@lux/node-files'
import { expect, onTestFinished, test } from 'vitest'
import type { Events } from '../../../../src/contract/index.ts'
import { copyToMedium } from '../../../../src/core/runs/effects/sealing/bundle.ts'
import { FileWorks } from '../../../../src/core/services/shared/file-work.ts'

const megabyte = 1 << 20

function setting() {
  const folder = mkdtempSync(join(tmpdir(), 'lux-file-work-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'bundle.zip')
  writeFileSync(file, new Uint8Array(48 * megabyte).fill(7))
  const medium = join(folder, 'medium')
  mkdirSync(medium)
  const told: Events['work.progress'][] = []
  const parts = {
    emit: (_event: string, payload: unknown) => {
      told.push(payload as Events['work.progress'])
    },
  }
  return { file, medium, told, parts, works: new FileWorks() }
}

test('WORK-PROGRESS writing a medium says how far it is, up to its end, and that it can be cancelled', async () => {
  const { file, medium, told, parts, works } = setting()
  await works.run(parts, 'export:1', 'write-medium', (watch) =>
    copyToMedium(file, join(medium, 'copy.zip'), watch),
  )
  expect(readFileSync(join(medium, 'copy.zip')).equals(readFileSync(file))).toBe(true)
  const fractions = told.map(({ fraction }) => fraction ?? -1)
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  expect([fractions[0], fractions.at(-1), fractions.length > 5]).toEqual([0, 1, true])
  expect(told[0]).toEqual({ id: 'export:1', what: 'write-medium', fraction: 0, cancellable: true })
  expect(works.cancel('export:1')).toBe(false)
})

test('WORK-PROGRESS a file that a slow medium takes long to write keeps nothing else from its turn', async () => {
  const { medium } = setting()
  let others = false
  async function* one() {
    setImmediate(() => {
      others = true
    })
    yield new Uint8Array(megabyte)
    // Asked for the next part, it has written this one.
    expect(others).toBe(true)
  }
  await writeNewFile(join(medium, 'copy.zip'), one())
})

test('WORK-CANCELLED Cancel is heard while the medium is written, and nothing of the copy is left on it', async () => {
  const { file, medium, told, parts, works } = setting()
  const running = works.run(parts, 'export:1', 'write-medium', (watch) =>
    copyToMedium(file, join(medium, 'copy.zip'), watch),
  )
  setImmediate(() => works.cancel('export:1'))
  await expect(running).rejects.toMatchObject({ code: 'WORK-CANCELLED' })
  expect(readdirSync(medium)).toEqual([])
  expect(told.length).toBeLessThan(12)
})

test('WORK-CANCELLED whoever reads a bundle to verify it stops at Cancel as well', async () => {
  const { file, parts, works } = setting()
  const reader = fileReader(file)
  let read = 0
  const running = works.run(parts, file, 'verify-bundle', async (watch) => {
    for await (const chunk of watchedReader(reader, watch).chunks()) read += chunk.length
  })
  setImmediate(() => works.cancel(file))
  await expect(running).rejects.toMatchObject({ code: 'WORK-CANCELLED' })
  reader.close()
  expect(read).toBeLessThan(reader.size)
})
