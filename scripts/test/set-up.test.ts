import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { mirrorOf } from '../bootstrap/places.cjs'
import { readSetUp } from '../electron/set-up.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-set-up-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['a checkout', (checkout: string) => checkout],
  ['a checkout with a mirror', mirrorOf],
])(
  'a copy of %s is not taken for the one that was set up, so that it builds and packs nothing into it',
  (name, openOf) => {
    const [own, copy] = [join(folder, name), join(folder, `${name}, copied`)]
    mkdirSync(join(own, '.lux'), { recursive: true })
    const open = openOf(own)
    writeFileSync(join(own, '.lux/set-up.json'), JSON.stringify({ stamps: {}, open, user: {} }))
    cpSync(own, copy, { recursive: true })
    expect(readSetUp(own).open).toBe(open)
    expect(() => readSetUp(copy)).toThrow('run `npm run setup`')
  },
)
