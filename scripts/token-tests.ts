import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { root } from './root.ts'
import { writtenFile } from './written-file.ts'

/** What a test file or a helper that it imports names, by the token that it then runs on; the first that fits counts. */
const tokens: readonly { name: string; how: string; named: RegExp }[] = [
  {
    name: 'openCryptoki, soft token',
    how: 'the distribution’s library and daemon',
    named: /startOpenCryptoki|from '\.\/opencryptoki\.ts'/,
  },
  {
    name: 'tpm2-pkcs11 on swtpm',
    how: 'the distribution’s library on a software TPM',
    named: /startSwtpm|from '\.\/swtpm\.ts'/,
  },
  {
    name: 'SoftHSM 2.6.1 behind the fault module',
    how: '`packages/hsm/test/fault-module`',
    named: /faultModule|buildFaultModule|fault-token-place/,
  },
  {
    name: 'SoftHSM 2.6.1',
    how: 'a private store for each test',
    named: /softTokenEnvironment|startBench|'rehearse'|token-initialisation/,
  },
  { name: 'no token', how: 'scripted devices, parsers, forms, files, windows', named: /./ },
]

type Listed = { file: string; projectName: string }

function listed(): Listed[] {
  const vitest = join(root, 'node_modules', '.bin', 'vitest')
  const projects = ['@lux/hsm', '@lux/desktop', '@lux/companion-server'].flatMap((name) => [
    '--project',
    name,
  ])
  const text = execFileSync(vitest, ['list', '--json', ...projects], { cwd: root, encoding: 'utf8' })
  // vitest's own report.
  return JSON.parse(text) as Listed[]
}

/** The text of a test file and of every helper beneath a test folder that it imports. */
function withHelpers(path: string, seen = new Set<string>()): string {
  if (seen.has(path)) return ''
  seen.add(path)
  const text = readFileSync(path, 'utf8')
  const imported = [...text.matchAll(/from '(\.[^']+\.ts)'/g)].map((match) =>
    join(dirname(path), match[1] ?? ''),
  )
  return [
    text,
    ...imported.filter((one) => one.includes('/test/')).map((one) => withHelpers(one, seen)),
  ].join('\n')
}

const tokenOf = (path: string): string => {
  const text = withHelpers(path)
  return tokens.find(({ named }) => named.test(text))?.name ?? ''
}

const all = listed()
const files = [...new Set(all.map(({ file }) => file))].sort()
const byFile = new Map(files.map((file) => [file, tokenOf(file)]))
const projects = [...new Set(all.map(({ projectName }) => projectName))].sort()
const count = (token: string, project: string) =>
  all.filter(({ file, projectName }) => projectName === project && byFile.get(file) === token).length

const report = [
  '# Tests by token',
  '',
  'Written by `node scripts/token-tests.ts` from the list of tests (`vitest list`) of the projects that touch tokens. A test that is',
  'written once for a table of cases counts once. What a file runs on is told by what it and its helpers name. No test here ran on',
  'hardware; `docs/guide/tokens.md` says which profiles never did.',
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

process.exitCode = writtenFile('docs/TOKEN-TESTS.md', report, 'node scripts/token-tests.ts') ? 0 : 1
