import { globSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../root.ts'
import { tokenOf, tokens } from '../token-of.ts'

test('every token has tests that run on it', () => {
  const files = globSync('{packages/hsm,apps/desktop,apps/companion-server}/test/**/*.test.ts', { cwd: root })
  expect(files.length).toBeGreaterThan(100)
  const used = new Set(files.map((file) => tokenOf(join(root, file))))
  expect(tokens.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([])
})
