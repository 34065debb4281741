import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPage, tablesPage } from '../pages/tables.ts'
import { root } from '../root.ts'

const page = readPage('scripts/pages/bad-input.json')

test('BAD-INPUT every test and page that the table names is there', () => {
  const text = tablesPage(page)
  const named = [...text.matchAll(/`((?:apps|packages|e2e|scripts)\/[^`\s]+\.ts)`/g)].map(
    ([, path = '']) => path,
  )
  expect(named.length).toBeGreaterThan(50)
  expect([...new Set(named)].filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('BAD-INPUT every row names a test', () => {
  const rows = page.blocks.flatMap((block) => ('rows' in block ? block.rows : []))
  expect(rows.length).toBeGreaterThan(80)
  expect(rows.filter(([, ...tests]) => tests.every((cell) => cell === ''))).toEqual([])
})
