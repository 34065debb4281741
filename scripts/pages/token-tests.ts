import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from '../root.ts'
import { tokenOf, tokens } from '../token-of.ts'

/** The tests of the packages and apps that touch tokens. */
const folders = ['packages/hsm/', 'apps/desktop/', 'apps/companion-server/']

type Listed = { file: string; projectName: string }

function listed(): Listed[] {
  const vitest = join(root, 'node_modules', '.bin', 'vitest')
  const tiers = ['unit', 'driver', 'flow'].flatMap((name) => ['--project', name])
  const text = execFileSync(vitest, ['list', '--json', ...tiers, ...folders], { cwd: root, encoding: 'utf8' })
  // vitest's own report.
  return JSON.parse(text) as Listed[]
}

type Shown = {
  token: string
  maker: string
  model: string
  firmware: string
  library: string
  wrap: string | null
  held: string[]
  broken: string[]
  open: string[]
  passed: boolean
  marksTrusted: boolean | null
  proved: number
  tried: number
}

/** What write-shown.ts found; the tests of packages/hsm compare it with the tokens. */
const shown = JSON.parse(readFileSync(join(root, 'packages/hsm/test/profiles/shown.json'), 'utf8')) as Shown[]
const mark = { true: 'yes', false: 'no', null: 'not tried' }
const shownRow = (one: Shown) =>
  [
    ...[
      one.token,
      `${one.maker}, ${one.model}, ${one.firmware}`,
      one.library,
      one.passed ? 'passed' : 'not passed',
    ],
    one.held.length + one.broken.length + one.open.length === 0
      ? 'none could be tried'
      : `${one.held.length} held${one.broken.length === 0 ? '' : `, broken: ${one.broken.join(', ')}`}${one.open.length === 0 ? '' : `, open: ${one.open.join(', ')}`}`,
    ...[one.wrap ?? 'none', mark[`${one.marksTrusted}`], `${one.proved} of ${one.tried}`],
  ].join(' | ')

/** Which tests run on which token. It starts vitest to list them. */
export function tokenTestsPage(): string {
  const all = listed()
  const files = [...new Set(all.map(({ file }) => file))].sort()
  const byFile = new Map(files.map((file) => [file, tokenOf(file)]))
  const projects = [...new Set(all.map(({ projectName }) => projectName))].sort()
  const count = (token: string, project: string) =>
    all.filter(({ file, projectName }) => projectName === project && byFile.get(file) === token).length
  return [
    '# Tests by token',
    '',
    'Made from the list of tests (`vitest list`) of what touches tokens, by tier. A test that is',
    'written once for a table of cases counts once. What a file runs on is told by what it and its helpers name. No test here ran on',
    'hardware; `docs/guide/token-kinds.md` says which profiles never did.',
    '',
    'What each token says of itself, and what it showed when it was attacked (13 attacks on the hardened template) and tried. A',
    'window is kept only by a token whose probe passed and whose security officer’s mark reads back. kryoptic is built and compared by',
    '`npm run interop -- --token`, where cargo is; the others in `npm test` (`packages/hsm/test/profiles/shown.driver.test.ts`).',
    '',
    '| token | maker, model, firmware | library | probe | attacks | wrap | marks as trusted | capabilities |',
    '|---|---|---|---|---|---|---|---|',
    ...shown.map((one) => `| ${shownRow(one)} |`),
    '',
    'What the tests run on:',
    '',
    `| token | how | ${projects.map((one) => `\`${one}\``).join(' | ')} | together |`,
    `|---|---|${projects.map(() => '---|').join('')}---|`,
    ...tokens.map(({ name, how }) => {
      const counts = projects.map((project) => count(name, project))
      return `| ${name} | ${how} | ${counts.join(' | ')} | ${counts.reduce((a, b) => a + b, 0)} |`
    }),
    '',
    ...tokens
      .slice(0, -1)
      .flatMap(({ name }) => [
        `## ${name}`,
        '',
        ...files
          .filter((file) => byFile.get(file) === name)
          .map((file) => `- ${all.filter((one) => one.file === file).length} in \`${relative(root, file)}\``),
        '',
      ]),
  ].join('\n')
}
