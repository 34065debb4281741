import { execFileSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { root } from './root.ts'
import { tokenOf, tokens } from './token-of.ts'
import { writtenFile } from './written-file.ts'

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

const all = listed()
const files = [...new Set(all.map(({ file }) => file))].sort()
const byFile = new Map(files.map((file) => [file, tokenOf(file)]))
const projects = [...new Set(all.map(({ projectName }) => projectName))].sort()
const count = (token: string, project: string) =>
  all.filter(({ file, projectName }) => projectName === project && byFile.get(file) === token).length

const report = [
  '# Tests by token',
  '',
  'Written by `node scripts/token-tests.ts` from the list of tests (`vitest list`) of what touches tokens, by tier. A test that is',
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
