import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lookAtPackage } from '../../src/main/look-at-package.ts'

const look = join(import.meta.dirname, '../../src/shipped/look.ts')

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'lux-look-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('PACKAGE-CHANGED where there is no archive to say what to expect, the archive is what was changed', async () => {
  expect(await lookAtPackage(look, folder())).toBe('app.asar')
})

test.each([
  ['ends without a word', ''],
  ['fails', "throw new Error('no')\n"],
  ['says something else', "import { parentPort } from 'node:worker_threads'\nparentPort.postMessage(true)\n"],
  ['is not there', null],
])('PACKAGE-CHANGED a thread that %s has not found a package unchanged', async (_what, text) => {
  const entry = join(folder(), 'look.mjs')
  if (text !== null) writeFileSync(entry, text)
  await expect(lookAtPackage(entry, folder())).rejects.toThrow()
})
