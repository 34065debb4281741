import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HsmError, hsmError, hsmErrorCodes } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { parseSync } from 'vite'
import { expect, test } from 'vitest'
import { failureOutcome } from '../../../src/cli/shell/output.ts'

const root = join(import.meta.dirname, '../../../../..')

/** Where a command says what to do in the place of the locales. The list may shrink, and never grows. */
const special: Readonly<Record<string, number>> = {
  'apps/desktop/src/cli/ceremony/outcome.ts': 2,
  'apps/desktop/src/cli/ceremony/resume.ts': 2,
  'apps/desktop/src/cli/shell/verified-bundle.ts': 1,
  'apps/desktop/src/cli/fhe/canary.ts': 1,
  'apps/desktop/src/cli/fhe/combine.ts': 1,
  'apps/desktop/src/cli/fhe/fhe.ts': 2,
  'apps/desktop/src/cli/fhe/next.ts': 1,
  'apps/desktop/src/cli/fhe/provenance.ts': 2,
  'apps/desktop/src/cli/fhe/reshare.ts': 1,
  'apps/desktop/src/cli/holder/approve-epoch.ts': 1,
  'apps/desktop/src/cli/holder/receive-next.ts': 2,
  'apps/desktop/src/cli/holder/receive.ts': 2,
  'apps/desktop/src/cli/holder/redeal.ts': 1,
  'apps/desktop/src/cli/holder/renew.ts': 1,
  'apps/desktop/src/cli/holder/share-files.ts': 1,
  'apps/desktop/src/cli/holder/share-lock.ts': 1,
  'apps/desktop/src/cli/person/sign.ts': 8,
  'apps/desktop/src/cli/policy/policy.ts': 3,
  'apps/desktop/src/cli/request/request.ts': 4,
  'apps/desktop/src/cli/shell/accepted.ts': 13,
  'apps/desktop/src/cli/shell/terminal.ts': 1,
  'apps/desktop/src/cli/token/init.ts': 1,
  'apps/desktop/src/cli/token/session.ts': 2,
}

type Node = { type: string } & Record<string, unknown>
const isNode = (value: unknown): value is Node => typeof Object(value).type === 'string'

/** Which argument says what to do. */
const ofCall: Readonly<Record<string, number>> = {
  ExpectedError: 2,
  WrongUse: 2,
  refused: 1,
  accepted: 2,
}
/** Tables of what to do, by the name of their constant. */
const tables = new Set(['ofFile', 'ofTyped'])
/** What hands on what a command said. */
const handsOn: Readonly<Record<string, string>> = {
  'apps/desktop/src/cli/shell/accepted.ts': 'remedyOf(outcome, remedies)',
  'apps/desktop/src/cli/shell/command-line.ts': 'remedy',
}

/** In how many places a source says what to do. A table that is given to a call counts by its entries. */
function remediesIn(name: string, source: string): number {
  const { program, errors } = parseSync(name, source)
  if (errors.length > 0) throw new Error(`${name}: ${errors[0]?.message}`)
  let count = 0
  const text = (node: Node) => source.slice(Number(node.start), Number(node.end))
  const entries = (node: unknown) =>
    isNode(node) && node.type === 'ObjectExpression' && Array.isArray(node.properties)
      ? node.properties.length
      : 1
  function visit(value: unknown): void {
    if (Array.isArray(value)) {
      for (const one of value) visit(one)
      return
    }
    if (!isNode(value)) return
    const list: unknown[] = Array.isArray(value.arguments) ? value.arguments : []
    const callee = isNode(value.callee) ? String(value.callee.name) : ''
    const at = Object.hasOwn(ofCall, callee) ? ofCall[callee] : undefined
    const given = at === undefined ? undefined : list[at]
    // A refusal of one's own, `refused('RULE', detail)`, is a value and has no such argument.
    const value0 = isNode(list[0]) && callee === 'refused' && list[0].type === 'Literal'
    if (isNode(given) && !value0 && text(given) !== handsOn[name]) count += entries(given)
    if (callee === 'HsmError' && isNode(list[0]) && /\bremedy:/.test(text(list[0]))) count += 1
    if (value.type === 'VariableDeclarator' && isNode(value.id) && tables.has(String(value.id.name)))
      count += entries(value.init)
    for (const [key, child] of Object.entries(value)) if (key !== 'type') visit(child)
  }
  visit(program)
  return count
}

const sourcesBelow = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)

test('CLI-REMEDY core and the packages leave what to do to the locales, and no command says more of it in its source than now', () => {
  const found: Record<string, number> = {}
  const files = [
    'apps/desktop/src/cli',
    'apps/desktop/src/core',
    'packages/node-files/src',
    'packages/people/src',
    'apps/companion-server/src',
  ].flatMap(sourcesBelow)
  expect(files.length).toBeGreaterThan(250)
  for (const file of files) {
    const count = remediesIn(file, readFileSync(join(root, file), 'utf8'))
    if (count > 0) found[file] = count
  }
  expect(found).toEqual(special)
  const total = Object.values(found).reduce((sum, count) => sum + count, 0)
  const adr = readFileSync(join(root, 'docs/adr/0028-use-cases-give-data.md'), 'utf8')
  expect(adr).toContain(`${total} places of this kind are left`)
})

test('CLI-REMEDY a text of what to do is found wherever a source may have one', () => {
  const forms = [
    "throw new ExpectedError('A-B', 'd', 'do')",
    "throw new WrongUse('A-B', 'd', 'do')",
    "throw refused(outcome, 'do')",
    "accepted(outcome, {}, { 'A-B': 'do' })",
    "throw new HsmError({ code: 'A-B', detail: 'd', remedy: 'do' })",
    "const ofFile = { share: 'do' }",
  ]
  expect(forms.map((form) => remediesIn('form.ts', form))).toEqual(forms.map(() => 1))
  expect(
    remediesIn('form.ts', "throw new ExpectedError('A-B', 'd'); refused('A-B', 'd'); refused(outcome)"),
  ).toBe(0)
})

test('CLI-REMEDY a command prints of every code why and what to do as the window shows it, the token driver’s too', () => {
  const errors = JSON.parse(readFileSync(join(root, 'resources/locales/en/errors.json'), 'utf8'))
  const rules = JSON.parse(readFileSync(join(root, 'resources/locales/en/rules.json'), 'utf8'))
  const texts = Object.entries({ ...errors, ...rules }).filter(([, text]) =>
    Object.hasOwn(Object(text), 'what'),
  )
  expect(texts.length).toBeGreaterThan(300)
  const shown = (error: unknown) => failureOutcome(error).json
  for (const [code, text] of texts) {
    const { why, do: remedy } = Object(text)
    expect(shown(new ExpectedError(code, 'seen'))).toEqual({ ok: false, code, detail: 'seen', why, remedy })
  }
  for (const code of hsmErrorCodes)
    expect(shown(hsmError(code, 'seen'))).toMatchObject({ code, remedy: errors[code].do })
  const own = new HsmError({ code: 'HSM-TOKEN-ABSENT', detail: 'seen', remedy: 'custody token init' })
  expect(shown(own)).toMatchObject({ remedy: 'custody token init' })
})
