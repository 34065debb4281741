import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../root.ts'

const folders = [
  '.',
  ...['packages', 'apps'].flatMap((name) => readdirSync(join(root, name)).map((one) => `${name}/${one}`)),
  'e2e',
  'site',
]
const record = readFileSync(join(root, 'docs/adr/0001-dependencies.md'), 'utf8')
const recorded = new Set(
  [...record.matchAll(/^\| (.+?) \| .+ \|$/gm)].flatMap(([, names]) => (names ?? '').split(', ')),
)

type Manifest = Partial<
  Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string>>
>

const wanted = new Set(
  folders.flatMap((folder) => {
    const manifest: Manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const { dependencies, devDependencies, optionalDependencies } = manifest
    return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
  }),
)

test('ADR-0001 every dependency of a package.json has its line, and says what it replaces', () => {
  const ours = (name: string): boolean => name.startsWith('@lux/')
  expect([...wanted].filter((name) => !ours(name) && !recorded.has(name)).sort()).toEqual([])
})

test('ADR-0001 names no dependency that is gone', () => {
  const gone = [...recorded].filter((name) => !wanted.has(name) && name !== 'dependency' && name !== '---')
  expect(gone).toEqual([])
})
