import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { partBeside } from '@lux/node-files'
import { afterAll, expect, test } from 'vitest'
import { wipeFile } from '../../../src/cli/holder/live.ts'

const home = mkdtempSync(join(tmpdir(), 'wipe-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const at = (name: string): string => join(home, name)

test('a share is wiped in place, with what a killed command left of it, and nothing else', () => {
  const share = at('share.sealed')
  const left = partBeside(share)
  const others = [
    'share.sealed.next',
    `share.sealed.2.${'a'.repeat(16)}.part`,
    `xshare.sealed.${'a'.repeat(16)}.part`,
  ]
  for (const path of [share, left, ...others.map(at)]) writeFileSync(path, 'secret')
  linkSync(share, at('seen'))
  linkSync(left, at('left-seen'))
  wipeFile(share)
  expect(readdirSync(home).toSorted()).toEqual(['left-seen', 'seen', ...others].toSorted())
  for (const name of ['seen', 'left-seen']) expect(readFileSync(at(name))).toEqual(Buffer.alloc(6))
})
