import { enforcers, readSources, type Source, testsOf } from './assurance/places.ts'
import { type RuleSet, readRules } from './assurance/rules.ts'
import { cheapestTier, testFolders, tiers, tiersOfFiles } from './assurance/tested.ts'
import { root } from './root.ts'
import { writtenFile } from './written-file.ts'

const gaps: string[] = []

function row(set: RuleSet, sources: readonly Source[], tests: readonly Source[], id: string): string {
  const where = enforcers(sources, id).map(({ path, name }) => `\`${name}\` ${path}`)
  const shown = testsOf(tests, id).map(({ path, title }) =>
    title === null ? path : `${cell(title)} (${path})`,
  )
  if (where.length === 0 && set.complete) gaps.push(`${id} is enforced nowhere`)
  if (shown.length === 0 && set.complete) gaps.push(`${id} has no test`)
  return `| ${id} | ${where.join('<br>') || 'nowhere'} | ${shown.join('<br>') || 'none of its own'} |`
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

function section(set: RuleSet, tests: readonly Source[]): string[] {
  const sources = readSources(root, set.sources).filter(({ path }) => path !== set.table)
  return [
    `## ${set.title}`,
    '',
    `Defined in \`${set.table}\`.`,
    '',
    '| rule | where it is enforced | what shows it |',
    '|---|---|---|',
    ...set.ids.map((id) => row(set, sources, tests, id)),
    '',
  ]
}

/** How many rules of a set each tier is the cheapest to show. */
function tierRow({ title, ids }: RuleSet): string {
  const shown = ids.map((id) => cheapestTier(tests, tiersOf, id))
  const counts = [...tiers, null].map((tier) => shown.filter((one) => one === tier).length)
  return `| ${[title, ...counts, ids.length].join(' | ')} |`
}

const tests = readSources(root, testFolders)
const tiersOf = tiersOfFiles(root, tests)
const report = [
  '# Assurance: rule, function, test',
  '',
  'Written by `node scripts/assurance.ts` from the tables of rules, the sources and the tests. `npm test` fails when it is',
  'out of date, or when a rule of plans, runs or bundles is enforced nowhere or has no test. Where a test takes its rules',
  'from a table, the file stands without a title. Token codes that only a rare return code of a vendor’s library can bring',
  'have no test of their own; that every return code maps to one of these codes is tested as a whole',
  '(`packages/hsm/test/pkcs11/library/errors.test.ts`).',
  '',
  'How many rules each tier of the tests is the cheapest to show; `node scripts/assurance-kept.ts COMMIT` compares with a commit.',
  '',
  `| rules | ${tiers.join(' | ')} | none | together |`,
  `|---|${'---|'.repeat(tiers.length + 2)}`,
  ...readRules(root).map(tierRow),
  '',
  ...readRules(root).flatMap((set) => section(set, tests)),
].join('\n')

for (const gap of gaps) process.stderr.write(`assurance: ${gap}\n`)
const fresh = writtenFile('docs/ASSURANCE.md', report, 'node scripts/assurance.ts')
process.exitCode = fresh && gaps.length === 0 ? 0 : 1
