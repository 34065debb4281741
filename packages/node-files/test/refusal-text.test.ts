import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { RefusalTexts } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-texts-'))
afterAll(() => rmSync(folder, { recursive: true }))
const text = (of: string) => ({ what: `${of} what`, why: `${of} why`, do: `${of} do` })
const write = (section: string, texts: object) =>
  writeFileSync(join(folder, `${section}.json`), JSON.stringify(texts))

write('server', { 'DISK-FULL': text('server') })
write('errors', {
  'DISK-FULL': text('errors'),
  ending: { MALFORMED: text('ending') },
  family: { PLAN: text('family') },
  'check-do': 'get it again',
})
write('rules', { 'PLAN-01': text('rule') })
write('checks', { MANIFEST: 'it is canonical' })

test('a program’s own section comes before those that all share, and a rule’s text stands in its own', () => {
  const shared = new RefusalTexts(folder)
  expect(shared.of('DISK-FULL')).toEqual({ what: 'errors what', why: 'errors why', remedy: 'errors do' })
  expect(new RefusalTexts(folder, ['server']).of('DISK-FULL')?.what).toBe('server what')
  expect(shared.of('PLAN-01')).toEqual({ what: 'rule what', why: 'rule why', remedy: 'rule do' })
})

test('without a text of its own a code has that of its ending, else of its family, else of a bundle’s checks', () => {
  const texts = new RefusalTexts(folder)
  expect(texts.of('PLAN-MALFORMED')).toEqual({ what: null, why: 'ending why', remedy: 'ending do' })
  expect(texts.of('PLAN-99')).toEqual({ what: null, why: null, remedy: 'family do' })
  expect(texts.of('MANIFEST')).toEqual({ what: null, why: null, remedy: 'get it again' })
  for (const unknown of ['NOBODY', 'X-constructor', 'constructor', '__proto__'])
    expect(texts.of(unknown)).toBe(null)
})

test('a program whose texts are gone knows none, and does not end of it', () => {
  expect(new RefusalTexts(join(folder, 'absent')).of('DISK-FULL')).toBe(null)
})
