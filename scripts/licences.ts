import { readPackages } from './licences/packages.ts'
import { acceptable } from './licences/verdict.ts'
import { root } from './root.ts'

const packages = readPackages(root)
const refused = packages.filter(({ licence, use }) => !acceptable(licence, use))
for (const { name, version, licence, use } of refused)
  process.stderr.write(`licences: ${name} ${version} (${use}) has ${licence}\n`)
process.stderr.write(`licences: ${packages.length} packages\n`)
process.exitCode = refused.length > 0 ? 1 : 0
