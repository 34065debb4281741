import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Field, ScriptView } from '../../src/contract/index.ts'
import { counts, missingIn } from '../../src/renderer/components/fields.tsx'
import { byPurpose, grouped } from '../../src/renderer/setup/purposes.ts'

const shipped = readdirSync(join(import.meta.dirname, '../../../../resources/scripts')).map((name) =>
  name.replace(/\.yaml$/, ''),
)

test('SETUP-PURPOSES every script that is shipped stands under one purpose, and one of people’s own apart', () => {
  expect(Object.values(byPurpose).flat().toSorted()).toEqual(shipped.toSorted())
  const all = ['decommission', 'root-kek', 'ours'].map((id) => ({ id }) as ScriptView) // its id alone is looked at
  expect(grouped(all).map(({ purpose, scripts }) => [purpose, scripts.map(({ id }) => id)])).toEqual([
    ['begin', ['root-kek']],
    ['end', ['decommission']],
    ['own', ['ours']],
  ])
})

test('SETUP-UNANSWERED an empty field is missing, unless it has an answer of its own or counts for nothing', () => {
  const field = (name: string, more: Partial<Field> = {}): Field => ({
    name,
    type: 'text',
    label: name,
    ...more,
  })
  const fields = [
    field('serial'),
    field('label', { initial: 'Lux' }),
    field('needs', { optional: true, only: { profile: 'measured' } }),
    field('profile', { initial: 'luna' }),
  ]
  expect(missingIn(fields, {}).map(({ name }) => name)).toEqual(['serial'])
  expect(missingIn(fields, { serial: ' ' }).map(({ name }) => name)).toEqual(['serial'])
  expect(missingIn(fields, { serial: '1', label: '' }).map(({ name }) => name)).toEqual(['label'])
  const [, , needs = field('')] = fields
  expect(counts(needs, fields, {})).toBe(false)
  expect(counts(needs, fields, { profile: 'measured' })).toBe(true)
})
