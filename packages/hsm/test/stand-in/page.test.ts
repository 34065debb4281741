import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { rolesTable } from './page.ts'
import { shownBefore } from './rules.ts'

it('the table of stand-ins in the guide is what results/stand-ins.json has', () => {
  const page = readFileSync(new URL('../../../../docs/guide/tokens.md', import.meta.url), 'utf8')
  const table = page.slice(page.indexOf('| stand-in |')).split('\n\n')[0]
  expect(table).toBe(rolesTable(shownBefore()))
})
