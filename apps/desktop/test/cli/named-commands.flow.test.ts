import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { custody } from './support/custody.ts'

vi.setConfig({ testTimeout: 60_000 })

const locales = join(import.meta.dirname, '../../../../resources/locales')

/** What people are told to type, in any language, as its words. */
const named = new Set(
  readdirSync(locales, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => [
      ...readFileSync(join(locales, file), 'utf8').matchAll(/\bcustody ((?:[a-z-]+ )?[a-z-]+)\b/g),
    ])
    .map(([, words]) => words ?? ''),
)

test.each([...named])('LOCALE-COMMANDS custody %s, which a text names, is a command', async (words) => {
  const { exit, stdout } = await custody([...words.split(' '), '--help'])
  expect(exit).toBe(0)
  expect(stdout).toContain(`custody ${words}`)
})
