import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../root.ts'
import { tokenOf, tokens } from '../token-of.ts'

const page = readFileSync(join(root, 'docs/TOKEN-TESTS.md'), 'utf8')

test('every token has tests, and the files that are counted are there and sum up to their row', () => {
  const rows = [...page.matchAll(/^\| (.+?) \|.*\| (\d+) \|$/gm)].map(([, name, sum]) => ({
    name,
    sum: Number(sum),
  }))
  expect(rows.length).toBe(7)
  for (const { name, sum } of rows.slice(0, -1)) {
    const listed = page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? ''
    const files = [...listed.matchAll(/^- (\d+) in `(.+)`$/gm)]
    expect(files.filter(([, , path]) => !existsSync(join(root, path ?? '')))).toEqual([])
    expect(files.reduce((total, [, count]) => total + Number(count), 0)).toBe(sum)
    expect(sum).toBeGreaterThan(0)
  }
})

test('every test file that runs on a token is listed with it', () => {
  const files = globSync('{packages/hsm,apps/desktop,apps/companion-server}/test/**/*.test.ts', { cwd: root })
  expect(files.length).toBeGreaterThan(100)
  for (const { name } of tokens.slice(0, -1)) {
    const listed = page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? ''
    const paths = [...listed.matchAll(/^- \d+ in `(.+)`$/gm)].map(([, path]) => path)
    expect(paths, `run \`node scripts/token-tests.ts\``).toEqual(
      files.filter((path) => tokenOf(join(root, path)) === name).sort(),
    )
  }
})
