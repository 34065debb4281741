/** `node write-matrix.ts [PATTERN] [--dry]`: runs the crash matrix and writes docs/CRASH-MATRIX.md. Takes about an hour. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDestination } from '../support/destination.ts'
import { cellsOf, recordCalls, type Result, runMatrix } from './matrix.ts'

const [pattern = '.', log = '/dev/null'] = process.argv.slice(2)
const home = mkdtempSync(join(tmpdir(), 'crash-matrix-'))
const destination = await makeDestination(home)
try {
  const points = await recordCalls(home, destination)
  const all = cellsOf(points)
  const cells = all.filter(({ step, name, n, fault }) => new RegExp(pattern).test(`${step} ${name}@${n}=${fault}`))
  process.stderr.write(`${points.length} points, ${all.length} cells, ${cells.length} chosen\n`)
  await runMatrix(home, destination, cells, {
    workers: 2,
    onResult: (result: Result, done: number) => {
      appendFileSync(log, `${JSON.stringify(result)}\n`)
      if (result.verdict === 'failed' || result.verdict === 'not-reached' || pattern !== '.')
        process.stderr.write(`${done} ${result.step} ${result.name}@${result.n}=${result.fault}: ${result.verdict} ${result.code} ${result.detail}\n`)
    },
  })
} finally {
  await destination.hsm.close()
  rmSync(home, { recursive: true, force: true })
}
