import { benchCeremony } from './ceremony.ts'
import { benchFhe } from './fhe.ts'
import { benchFheKeys } from './fhe-keys.ts'
import { benchHsm } from './hsm.ts'
import { misses, type Row, table } from './row.ts'
import { benchStart } from './start.ts'

const works: Readonly<Record<string, () => Promise<Row[]>>> = {
  ceremony: benchCeremony,
  start: benchStart,
  hsm: benchHsm,
  fhe: benchFhe,
  'fhe-keys': benchFheKeys,
}

const words = process.argv.slice(2)
const json = words.includes('--json')
const [name, ...rest] = words.filter((word) => word !== '--json')
const work = name === undefined ? undefined : works[name]
if (work === undefined || rest.length > 0) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(works).join('|')} [--json]\n`)
  process.exit(2)
}
try {
  const rows = await work()
  process.stdout.write(json ? `${JSON.stringify(rows)}\n` : `${table(rows)}\n`)
  process.exitCode = rows.some(misses) ? 1 : 0
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 3
}
