import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rules } from '../../src/exports/engine.ts'

const folder = new URL('..', import.meta.url)
const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !file.endsWith('rules.test.ts'))
  .map((file) => readFileSync(new URL(file, folder), 'utf8'))
  .join('\n')

describe('the table of rules', () => {
  it.each(Object.entries(rules))(
    '%s has title, detail and remedy, each a sentence of its own',
    (id, rule) => {
      expect(id).toMatch(/^[A-Z]+-([0-9]{2}|[A-Z]+)$/)
      const { title, detail, remedy } = rule
      expect(title).toMatch(/^[A-Z].*[^.]$/)
      for (const sentence of [detail, remedy]) expect(sentence).toMatch(/^.*\.$/)
      expect(new Set([title, detail, remedy]).size).toBe(3)
    },
  )

  it.each(Object.keys(rules))('%s has a test whose name starts with it', (id) => {
    expect(tests).toMatch(new RegExp(`['"]${id} `))
  })

  it('gives every rule a title of its own', () => {
    const titles = Object.values(rules).map(({ title }) => title)
    expect(new Set(titles).size).toBe(titles.length)
  })
})
