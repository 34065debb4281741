import { spawnSync } from 'node:child_process'
import { benchCeremony } from './ceremony.ts'
import { benchDoors } from './doors.ts'
import { benchFhe } from './fhe.ts'
import { benchFheKeys } from './fhe-keys.ts'
import { benchHsm } from './hsm.ts'
import { benchPhone } from './phone.ts'
import { benchQr } from './qr.ts'
import { benchReplicas } from './replicas.ts'
import { misses, type Row, table } from './row.ts'
import { benchServer, benchServerLong } from './server.ts'
import { benchStart } from './start.ts'
import { benchTranscript } from './transcript.ts'

const works: Readonly<Record<string, () => Promise<Row[]>>> = {
  ceremony: benchCeremony,
  start: benchStart,
  doors: benchDoors,
  server: benchServer,
  'server-long': benchServerLong,
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
const flags: Readonly<Record<string, readonly string[]>> = { hsm: ['--single-threaded-gc'] }

const words = process.argv.slice(2)
const json = words.includes('--json')
const [name, ...rest] = words.filter((word) => word !== '--json')
const work = name === undefined ? undefined : works[name]
if (work === undefined || rest.length > 0) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(works).join('|')} [--json]\n`)
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
  process.exitCode = rows.some(misses) ? 1 : 0
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 3
}
