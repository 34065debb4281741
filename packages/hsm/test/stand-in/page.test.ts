import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { rolesTable } from './page.ts'
import { shownBefore } from './rules.ts'

it('the table of stand-ins in the guide is what results/stand-ins.json and stand-in-servers.json have', () => {
  const kept = new URL('../../../../results/stand-in-servers.json', import.meta.url)
  const { rows } = JSON.parse(readFileSync(kept, 'utf8'))
  const page = readFileSync(new URL('../../../../docs/guide/token-kinds.md', import.meta.url), 'utf8')
  const table = page.slice(page.indexOf('| stand-in |')).split('\n\n')[0]
  expect(table).toBe(rolesTable(shownBefore(), rows))
})
