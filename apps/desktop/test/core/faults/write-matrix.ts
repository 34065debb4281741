/** `node write-matrix.ts [PATTERN] [--dry]`: runs the crash matrix and writes docs/CRASH-MATRIX.md. Takes about an hour. */
import { appendFileSync } from 'node:fs'
import { cellsOf, openWorkshop, type Result, recordCalls, runMatrix } from './matrix.ts'

const [pattern = '.', log = '/dev/null'] = process.argv.slice(2)
const shop = await openWorkshop()
try {
  const points = await recordCalls(shop)
  const all = cellsOf(points)
  const cells = all.filter(({ step, name, n, fault }) =>
    new RegExp(pattern).test(`${step} ${name}@${n}=${fault}`),
  )
  process.stderr.write(`${points.length} points, ${all.length} cells, ${cells.length} chosen\n`)
  await runMatrix(shop, cells, {
    workers: 4,
    onResult: (result: Result, done: number) => {
      appendFileSync(log, `${JSON.stringify(result)}\n`)
      if (result.verdict === 'failed' || result.verdict === 'not-reached' || pattern !== '.')
        process.stderr.write(
          `${done} ${result.step} ${result.name}@${result.n}=${result.fault}: ${result.verdict} ${result.code} ${result.detail}\n`,
        )
    },
  })
} finally {
  await shop.close()
}
