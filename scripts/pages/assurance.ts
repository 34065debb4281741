import { enforcers, readSources, type Source, testsOf } from '../assurance/places.ts'
import { type RuleSet, readRules } from '../assurance/rules.ts'
import { cheapestTier, testFolders, tiers, tiersOfFiles } from '../assurance/tested.ts'
import { root } from '../root.ts'

function row(sources: readonly Source[], tests: readonly Source[], id: string): string {
  const where = enforcers(sources, id).map(({ path, name }) => `\`${name}\` ${path}`)
  const shown = testsOf(tests, id).map(({ path, title }) =>
    title === null ? path : `${cell(title)} (${path})`,
  )
  return `| ${id} | ${where.join('<br>') || 'nowhere'} | ${shown.join('<br>') || 'none of its own'} |`
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const enforcing = (set: RuleSet): Source[] =>
  readSources(root, set.sources).filter(({ path }) => path !== set.table)

function section(set: RuleSet, tests: readonly Source[]): string[] {
  const sources = enforcing(set)
  return [
    `## ${set.title}`,
    '',
    `Defined in \`${set.table}\`.`,
    '',
    '| rule | where it is enforced | what shows it |',
    '|---|---|---|',
    ...set.ids.map((id) => row(sources, tests, id)),
    '',
  ]
}

/** Rules of plans, runs, bundles, threshold keys and backups that are enforced nowhere or have no test. */
export function assuranceGaps(): string[] {
  const tests = readSources(root, testFolders)
  return readRules(root)
    .filter(({ complete }) => complete)
    .flatMap((set) => {
      const sources = enforcing(set)
      return set.ids.flatMap((id) => [
        ...(enforcers(sources, id).length === 0 ? [`${id} is enforced nowhere`] : []),
        ...(testsOf(tests, id).length === 0 ? [`${id} has no test`] : []),
      ])
    })
}

/** Each rule with the function that keeps it and the tests that show it. */
export function assurancePage(): string {
  const tests = readSources(root, testFolders)
  const tiersOf = tiersOfFiles(root, tests)
  const sets = readRules(root)
  /** How many rules of a set each tier is the cheapest to show. */
  const tierRow = ({ title, ids }: RuleSet): string => {
    const shown = ids.map((id) => cheapestTier(tests, tiersOf, id))
    const counts = [...tiers, null].map((tier) => shown.filter((one) => one === tier).length)
    return `| ${[title, ...counts, ids.length].join(' | ')} |`
  }
  return [
    '# Assurance: rule, function, test',
    '',
    'Made from the tables of rules, the sources and the tests. `npm test` fails when a rule of plans, runs or bundles is',
    'enforced nowhere or has no test. Where a test takes its rules from a table, the file stands without a title. Token',
    'codes that only a rare return code of a vendor’s library can bring have no test of their own. That every return code',
    'maps to one of these codes is tested as a whole (`packages/hsm/test/pkcs11/library/errors.test.ts`).',
    '',
    'How many rules each tier of the tests is the cheapest to show; `node scripts/assurance-kept.ts COMMIT` compares with a commit.',
    '',
    `| rules | ${tiers.join(' | ')} | none | together |`,
    `|---|${'---|'.repeat(tiers.length + 2)}`,
    ...sets.map(tierRow),
    '',
    ...sets.flatMap((set) => section(set, tests)),
  ].join('\n')
}
