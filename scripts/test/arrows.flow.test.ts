import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root } from '../root.ts'
import { allowed } from './allowed-arrows.ts'
import { ceremony, desktop, forbidden, hsm, later, restricted, server, take } from './arrow-list.ts'
import { arrowSandbox } from './arrow-sandbox.ts'

const talkedAway =
  /biome-ignore[a-z-]* lint(\/(plugin|style\/noRestricted|correctness\/(noUndeclared|noNodejs))|:|\s)|@ts-(ignore|nocheck)/

/** Every source of the packages and apps. */
function ownSources(): string[] {
  return ['packages', 'apps']
    .flatMap((part) => readdirSync(join(root, part)).map((name) => join(root, part, name, 'src')))
    .flatMap((folder) => readdirSync(folder, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

const sandbox = arrowSandbox()
const fileOf = (list: string, index: number, folder: string, name = `${list}-${index}.ts`): string =>
  `${folder}/${name}`
for (const [index, arrow] of forbidden.entries())
  sandbox.write(fileOf('forbidden', index, arrow.in, arrow.file), arrow.text)
for (const [index, arrow] of allowed.entries())
  sandbox.write(fileOf('allowed', index, arrow.in, arrow.file), arrow.text)
sandbox.write(`${desktop}/renderer/hard-coded.tsx`, 'export const Title = () => <h1>Custody</h1>\n')
sandbox.write(
  `${desktop}/renderer/translated.tsx`,
  'export const Title = (p: { t: string }) => <h1>{p.t}</h1>\n',
)

afterAll(() => sandbox.remove())

test.each(forbidden.map((arrow, index) => ({ ...arrow, index })))(
  'ARROW $claim',
  ({ in: folder, rule, index, file }) => {
    expect(sandbox.findings(fileOf('forbidden', index, folder, file))).toContain(rule)
  },
)

test.each(allowed.map((arrow, index) => ({ ...arrow, index })))(
  'ARROW $claim',
  ({ in: folder, index, file }) => {
    expect(sandbox.findings(fileOf('allowed', index, folder, file))).toEqual([])
  },
)

const circular = [
  'packages/crypto/src',
  ceremony,
  hsm,
  server,
  ...['core', 'cli', 'renderer'].map((part) => `${desktop}/${part}`),
]
for (const folder of circular) {
  sandbox.write(`${folder}/here.ts`, "import type { There } from './there.ts'\n\nexport type Here = There\n")
  sandbox.write(`${folder}/there.ts`, "import type { Here } from './here.ts'\n\nexport type There = Here\n")
}

test.each(circular)('ARROW no circle of imports in %s, of types neither', (folder) => {
  expect(sandbox.findings(`${folder}/here.ts`)).toContain('suspicious/noImportCycles')
})

sandbox.write(`${desktop}/core/key-child/encrypt.ts`, later('node-tfhe'))
sandbox.write(`${desktop}/core/key-child/client.ts`, later('node-tfhe'))

test('ARROW the files that run in the key child alone load tfhe, and its client does not', () => {
  expect(sandbox.findings(`${desktop}/core/key-child/encrypt.ts`)).toEqual([])
  expect(sandbox.findings(`${desktop}/core/key-child/client.ts`)).toContain(restricted)
})

test('ARROW no source talks a rule about imports away', () => {
  const sources = ownSources()
  expect(sources.length).toBeGreaterThan(400)
  expect(sources.filter((path) => talkedAway.test(readFileSync(path, 'utf8')))).toEqual([])
})

test('FOLDER-READ-ONLY no source makes folders by Node’s recursive mkdir, which never comes back on /proc', () => {
  const makers = ownSources().filter((path) =>
    /\bmkdir(Sync)?\((?:[^(){}]|\([^()]*\))*\{[^}]*recursive\s*:/.test(readFileSync(path, 'utf8')),
  )
  expect(makers).toEqual([])
})

test('I18N a hard-coded string on a screen is refused', () => {
  expect(sandbox.findings(`${desktop}/renderer/hard-coded.tsx`)).toContain('style/noJsxLiterals')
  expect(sandbox.findings(`${desktop}/renderer/translated.tsx`)).toEqual([])
})

test('ARROW the type checker refuses a file past the exports, a sibling by path, Node and the DOM', () => {
  const types = arrowSandbox()
  types.write('packages/ceremony/src/index.ts', 'export const it = 1\n')
  types.write('packages/crypto/src/deep.ts', take('@lux/ceremony/src/other.ts'))
  types.write('packages/ceremony/src/other.ts', 'export const it = 1\n')
  types.write('packages/crypto/src/sibling.ts', take('../../ceremony/src/index.ts'))
  types.write('packages/crypto/src/node.ts', take('node:fs'))
  types.write('packages/crypto/src/page.ts', 'export const page = document\n')
  const errors = types.typeErrors('packages/crypto')
  types.remove()
  expect(errors).toMatch(/deep\.ts.*TS2307/)
  expect(errors).toMatch(/sibling\.ts.*TS6059|TS6059.*ceremony\/src\/index\.ts|TS6307/)
  expect(errors).toMatch(/node\.ts.*TS(2307|2591|2580)/)
  expect(errors).toMatch(/page\.ts.*TS(2584|2304)/)
})
