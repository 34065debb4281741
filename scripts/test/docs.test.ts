import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { readRules } from '../assurance/rules.ts'
import { root } from '../root.ts'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const text = (page: string): string => readFileSync(join(root, page), 'utf8')

test.each(pages)('DOCS-LINKS %s links to nothing that is missing', (page) => {
  const targets = [...text(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].flatMap(([, target]) => target ?? [])
  const missing = targets.filter(
    (target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(page), target)),
  )
  expect(missing).toEqual([])
})

test.each(pages)('DOCS-PATHS %s names no source or test that is missing', (page) => {
  const paths = [...text(page).matchAll(/`((?:packages|apps|e2e|scripts|bench|tools)\/[\w./-]+)`/g)]
  expect(paths.flatMap(([, path]) => path ?? []).filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('DOCS-RULES the threat model names only rules that exist', () => {
  const ids = new Set(readRules(root).flatMap((set) => set.ids))
  const cells = text('docs/THREAT-MODEL.md').matchAll(/^\|.*\| ([^|]*) \|$/gm)
  const named = [...cells].flatMap(
    ([, cell]) =>
      (cell ?? '')
        .replaceAll(/`[^`]*`( \([A-Z-]+(?:, [A-Z-]+)*\))?/g, '')
        .match(/[A-Z]{2,}(?:-[A-Z0-9]+)*/g) ?? [],
  )
  expect(named.length).toBeGreaterThan(8)
  expect(named.filter((id) => !ids.has(id))).toEqual([])
})

test('DOCS-RULES a test that the threat model names beside a file is in that file', () => {
  const named = [
    ...text('docs/THREAT-MODEL.md').matchAll(/`([\w./-]+\.test\.ts)` \(([A-Z-]+(?:, [A-Z-]+)*)\)/g),
  ]
  expect(named.length).toBeGreaterThan(2)
  const missing = named.flatMap(([, file = '', names = '']) =>
    names.split(', ').filter((name) => !text(file).includes(name)),
  )
  expect(missing).toEqual([])
})
