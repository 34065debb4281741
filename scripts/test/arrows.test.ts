import { afterAll, expect, test } from 'vitest'
import { arrowSandbox } from './arrow-sandbox.ts'

type Arrow = { claim: string; in: string; text: string; rule: string }

const take = (from: string): string => `import { it } from '${from}'\n\nexport const taken = it\n`
const undeclared = 'correctness/noUndeclaredDependencies'
const restricted = 'style/noRestrictedImports'
const noNode = 'correctness/noNodejsModules'
const globals = 'style/noRestrictedGlobals'

const crypto = 'packages/crypto/src'
const hsm = 'packages/hsm/src'
const ceremony = 'packages/ceremony/src'
const desktop = 'apps/desktop/src'
const server = 'apps/companion-server/src'

const forbidden: readonly Arrow[] = [
  { claim: 'crypto does not know ceremony', in: crypto, text: take('@lux/ceremony'), rule: undeclared },
  { claim: 'crypto does not know hsm', in: crypto, text: take('@lux/hsm'), rule: undeclared },
  { claim: 'crypto takes tfhe as an argument', in: crypto, text: take('node-tfhe'), rule: undeclared },
  { claim: 'crypto does no IO', in: crypto, text: take('node:fs'), rule: noNode },
  { claim: 'crypto has no clock', in: crypto, text: 'export const now = Date.now()\n', rule: globals },
  { claim: 'crypto has no network', in: crypto, text: "export const a = fetch('x:')\n", rule: globals },
  {
    claim: 'crypto draws no randomness itself',
    in: crypto,
    text: 'export const r = crypto.subtle\n',
    rule: globals,
  },
  { claim: 'no one uses Math.random', in: crypto, text: 'export const r = Math.random()\n', rule: 'plugin' },
  { claim: 'hsm does not know crypto', in: hsm, text: take('@lux/crypto'), rule: undeclared },
  { claim: 'hsm does not know ceremony', in: hsm, text: take('@lux/ceremony'), rule: undeclared },
  { claim: 'ceremony does not know PKCS#11', in: ceremony, text: take('pkcs11js'), rule: undeclared },
  { claim: 'ceremony does not know hsm', in: ceremony, text: take('@lux/hsm'), rule: undeclared },
  { claim: 'ceremony does no IO', in: ceremony, text: take('node:fs/promises'), rule: noNode },
  { claim: 'ceremony has no clock', in: ceremony, text: 'export const now = new Date()\n', rule: globals },
  {
    claim: 'contract does not know core',
    in: `${desktop}/contract`,
    text: take('../core/store.ts'),
    rule: restricted,
  },
  {
    claim: 'contract does not know hsm',
    in: `${desktop}/contract`,
    text: take('@lux/hsm'),
    rule: restricted,
  },
  { claim: 'core runs without Electron', in: `${desktop}/core`, text: take('electron'), rule: restricted },
  {
    claim: 'core does not know the window',
    in: `${desktop}/core`,
    text: take('../renderer/app.tsx'),
    rule: restricted,
  },
  { claim: 'core reaches tokens by hsm', in: `${desktop}/core`, text: take('pkcs11js'), rule: restricted },
  {
    claim: 'main does not know core',
    in: `${desktop}/main`,
    text: take('../core/store.ts'),
    rule: restricted,
  },
  {
    claim: 'main does not know ceremony',
    in: `${desktop}/main`,
    text: take('@lux/ceremony'),
    rule: restricted,
  },
  {
    claim: 'preload does not know core',
    in: `${desktop}/preload`,
    text: take('../core/store.ts'),
    rule: restricted,
  },
  { claim: 'preload does not know Node', in: `${desktop}/preload`, text: take('node:fs'), rule: noNode },
  {
    claim: 'renderer does not know core',
    in: `${desktop}/renderer`,
    text: take('../core/store.ts'),
    rule: restricted,
  },
  {
    claim: 'renderer does not know main',
    in: `${desktop}/renderer`,
    text: take('../main/window.ts'),
    rule: restricted,
  },
  {
    claim: 'renderer does not know crypto',
    in: `${desktop}/renderer`,
    text: take('@lux/crypto'),
    rule: restricted,
  },
  {
    claim: 'renderer does not know Electron',
    in: `${desktop}/renderer`,
    text: take('electron'),
    rule: restricted,
  },
  { claim: 'renderer does not know Node', in: `${desktop}/renderer`, text: take('node:fs'), rule: noNode },
  { claim: 'server does not know the engine', in: server, text: take('@lux/ceremony'), rule: restricted },
  { claim: 'server does not know the desktop', in: server, text: take('@lux/desktop'), rule: restricted },
  {
    claim: 'server reaches no file of the desktop',
    in: server,
    text: take('../../desktop/src/x.ts'),
    rule: restricted,
  },
  { claim: 'server reaches tokens by hsm', in: server, text: take('pkcs11js'), rule: restricted },
  {
    claim: 'core takes no file past the exports',
    in: `${desktop}/core`,
    text: take('@lux/crypto/src/hash.ts'),
    rule: restricted,
  },
  {
    claim: 'server takes no file past the exports',
    in: server,
    text: take('@lux/hsm/src/device.ts'),
    rule: restricted,
  },
  { claim: 'e2e imports no package', in: 'e2e/desktop', text: take('@lux/crypto'), rule: restricted },
  {
    claim: 'e2e imports no source of an app',
    in: 'e2e/desktop',
    text: take('../../apps/desktop/src/x.ts'),
    rule: restricted,
  },
]

const allowed: readonly Omit<Arrow, 'rule'>[] = [
  { claim: 'ceremony knows crypto', in: ceremony, text: take('@lux/crypto') },
  { claim: 'contract knows ceremony', in: `${desktop}/contract`, text: take('@lux/ceremony') },
  { claim: 'core knows ceremony', in: `${desktop}/core`, text: take('@lux/ceremony') },
  { claim: 'main knows the contract', in: `${desktop}/main`, text: take('../contract/index.ts') },
  { claim: 'preload knows the contract', in: `${desktop}/preload`, text: take('../contract/index.ts') },
  { claim: 'renderer knows the contract', in: `${desktop}/renderer`, text: take('../contract/index.ts') },
  ...['bundle', 'wire', 'policy', 'plan', 'transcript'].map((part) => ({
    claim: `server knows ceremony/${part}`,
    in: server,
    text: take(`@lux/ceremony/${part}`),
  })),
]

const sandbox = arrowSandbox()
const fileOf = (list: string, index: number, folder: string): string => `${folder}/${list}-${index}.ts`
for (const [index, arrow] of forbidden.entries())
  sandbox.write(fileOf('forbidden', index, arrow.in), arrow.text)
for (const [index, arrow] of allowed.entries()) sandbox.write(fileOf('allowed', index, arrow.in), arrow.text)
sandbox.write(`${desktop}/renderer/hard-coded.tsx`, 'export const Title = () => <h1>Custody</h1>\n')
sandbox.write(
  `${desktop}/renderer/translated.tsx`,
  'export const Title = (p: { t: string }) => <h1>{p.t}</h1>\n',
)

afterAll(() => sandbox.remove())

test.each(forbidden.map((arrow, index) => ({ ...arrow, index })))(
  'ARROW $claim',
  ({ in: folder, rule, index }) => {
    expect(sandbox.findings(fileOf('forbidden', index, folder))).toContain(rule)
  },
)

test.each(allowed.map((arrow, index) => ({ ...arrow, index })))('ARROW $claim', ({ in: folder, index }) => {
  expect(sandbox.findings(fileOf('allowed', index, folder))).toEqual([])
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
