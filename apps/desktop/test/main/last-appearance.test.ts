import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lastAppearance, rememberAppearance } from '../../src/main/last-appearance.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lux-appearance-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('START-LOOK the first start takes the language of the system', () => {
  expect(lastAppearance(folder, 'ar-EG')).toEqual({ theme: 'system', language: 'ar', textSize: 100 })
  expect(lastAppearance(folder, 'fr')).toEqual({ theme: 'system', language: 'fr', textSize: 100 })
  expect(lastAppearance(folder, 'nl')).toEqual({ theme: 'system', language: 'en', textSize: 100 })
})

test('START-LOOK what was remembered is what the next start shows', () => {
  const look = { theme: 'dark', language: 'ar', textSize: 150 } as const
  rememberAppearance(folder, look)
  expect(lastAppearance(folder, 'en')).toEqual(look)
})

test.each([
  ['not JSON', '{'],
  ['an unknown language', '{"theme":"dark","language":"xx","textSize":100}'],
  ['a size that no setting has', '{"theme":"dark","language":"en","textSize":9000}'],
  ['a list', '[]'],
])('START-LOOK a file that is %s is as good as none', (_what, text) => {
  writeFileSync(join(folder, 'appearance.json'), text)
  expect(lastAppearance(folder, 'en')).toEqual({ theme: 'system', language: 'en', textSize: 100 })
})

test('START-LOOK a folder that is gone stops nothing', () => {
  rememberAppearance(join(folder, 'gone'), { theme: 'dark', language: 'en', textSize: 100 })
  expect(lastAppearance(join(folder, 'gone'), 'en').theme).toBe('system')
})
