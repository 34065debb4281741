import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EnvironmentError } from '../../src/refusal.ts'
import { makeFolder } from '../../src/state/make-folder.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

async function codeOf(work: Promise<void>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return error instanceof EnvironmentError ? error.code : String(error)
}

test('FOLDER-READ-ONLY a place that takes no folder is refused at once, and not waited for', async () => {
  expect(await codeOf(makeFolder('/proc/x/y'))).toBe('FOLDER-READ-ONLY')
  expect(await codeOf(makeFolder('/proc/self/fd/x/y'))).toBe('FOLDER-READ-ONLY')
})

test('FOLDER-READ-ONLY every missing folder is made with the mode that was asked, and one that is there is left alone', async () => {
  const place = join(await temporaryFolder(), 'a', 'b')
  await makeFolder(place, 0o700)
  for (const made of [place, join(place, '..')]) expect((await stat(made)).mode & 0o777).toBe(0o700)
  await makeFolder(place, 0o777)
  expect((await stat(place)).mode & 0o777).toBe(0o700)
})

test('FILE-WRONG-KIND a file in the place of the folder, or above it', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'there'))
  await writeFile(join(folder, 'there', 'file'), '')
  expect(await codeOf(makeFolder(join(folder, 'there', 'file')))).toBe('FILE-WRONG-KIND')
  expect(await codeOf(makeFolder(join(folder, 'there', 'file', 'below')))).toBe('FILE-WRONG-KIND')
})
