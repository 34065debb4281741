import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rules } from '../../src/exports/engine.ts'

const folder = new URL('..', import.meta.url)
const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !file.endsWith('rules.test.ts'))
  .map((file) => readFileSync(new URL(file, folder), 'utf8'))
  .join('\n')

describe('the table of rules', () => {
  it('names each rule once, in upper case', () => {
    expect(new Set(rules).size).toBe(rules.length)
    for (const id of rules) expect(id).toMatch(/^[A-Z]+-([0-9]{2}|[A-Z]+)$/)
  })

  it.each(rules)('%s has a test whose name starts with it', (id) => {
    expect(tests).toMatch(new RegExp(`['"]${id} `))
  })
})
