import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../root.ts'

const page = readFileSync(join(root, 'docs/BAD-INPUT.md'), 'utf8')

test('BAD-INPUT every test that the table names is there', () => {
  const named = [...page.matchAll(/`((?:apps|packages|e2e|scripts)\/[^`\s]+\.ts)`/g)].map(
    ([, path = '']) => path,
  )
  expect(named.length).toBeGreaterThan(50)
  expect([...new Set(named)].filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('BAD-INPUT every row names a test', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\|[- |]*$/.test(line))
  const empty = rows.filter(
    (line) =>
      !/^\| what /.test(line) &&
      line
        .split('|')
        .slice(2)
        .every((cell) => cell.trim() === ''),
  )
  expect(empty).toEqual([])
})
