import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { readPage } from '../scripts/pages/tables.ts'
import { benchCeremony } from './ceremony.ts'
import { benchDoors } from './doors.ts'
import { benchFhe } from './fhe.ts'
import { benchFheKeys } from './fhe-keys.ts'
import { benchHsm } from './hsm.ts'
import { benchLists } from './lists.ts'
import { benchPhone } from './phone.ts'
import { benchQr } from './qr.ts'
import { benchReplicas } from './replicas.ts'
import { cells, misses, type Row, table } from './row.ts'
import { benchServer, benchServerLong } from './server.ts'
import { benchStart } from './start.ts'
import { benchTranscript } from './transcript.ts'

const works: Readonly<Record<string, () => Promise<Row[]>>> = {
  ceremony: benchCeremony,
  start: benchStart,
  doors: benchDoors,
  server: benchServer,
  'server-long': benchServerLong,
  // Loaded by itself: it takes a server that was loaded by flags of its own.
  sealing: async () => (await import('./sealing.ts')).benchSealing(),
  lists: () => benchLists(),
  replicas: benchReplicas,
  hsm: benchHsm,
  fhe: benchFhe,
  'fhe-keys': benchFheKeys,
  qr: benchQr,
  phone: benchPhone,
  transcript: benchTranscript,
}

/**
 * How Node is started for a work. The caller of the token driver collects its garbage on its own thread. V8's helpers would take the token
 * host's processor where there are two, and the raw program has no second process.
 */
const flags: Readonly<Record<string, readonly string[]>> = {
  hsm: ['--single-threaded-gc'],
  sealing: ['--import', `${import.meta.dirname}/without-vouching.mjs`],
}

const words = process.argv.slice(2)
const [name, ...options] = words
const work = name === undefined ? undefined : works[name]
const json = options[0] === '--json' && options.length === 1
const machine = options[0] === '--keep' && options.length === 2 ? options[1] : undefined
if (work === undefined || (options.length > 0 && !json && machine === undefined)) {
  const names = Object.keys(works).join('|')
  process.stderr.write(`usage: npm run bench -- ${names} [--json | --keep "WHAT MACHINE, HOW BUSY"]\n`)
  process.exit(2)
}
const missing = (flags[name ?? ''] ?? []).filter((flag) => !process.execArgv.includes(flag))
if (missing.length > 0) {
  const args = [...process.execArgv, ...missing, import.meta.filename, ...words]
  process.exit(spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 3)
}
try {
  const rows = await work()
  process.stdout.write(json ? `${JSON.stringify(rows)}\n` : `${table(rows)}\n`)
  if (machine !== undefined) keep(`results/${name}.json`, machine, rows)
  process.exitCode = rows.some(misses) ? 1 : 0
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 3
}

/** Puts the rows in the place of the file's first table, for the site's page of figures. */
function keep(path: string, machine: string, rows: readonly Row[]): void {
  const { title, blocks } = readPage(path)
  const at = blocks.findIndex((block) => 'columns' in block)
  const commit = execFileSync('git', ['rev-parse', '--short=8', 'HEAD'], { encoding: 'utf8' }).trim()
  const date = new Date().toISOString().slice(0, 10)
  const page = { title, date, commit, machine, blocks: blocks.toSpliced(at, 1, cells(rows)) }
  writeFileSync(path, `${JSON.stringify(page, null, 2)}\n`)
}
