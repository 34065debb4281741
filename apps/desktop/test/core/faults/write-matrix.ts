/**
 * `node write-matrix.ts RESULTS [PATTERN]` runs the crash matrix, or the cells that PATTERN fits, and adds each result as
 * a line to RESULTS. `node write-matrix.ts RESULTS --write NOTE` makes docs/CRASH-MATRIX.md of it; NOTE says when
 * and where they ran.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cellsOf, openWorkshop, type Result, recordCalls, runMatrix } from './matrix.ts'
import { matrixPage } from './matrix-page.ts'

const [results = '', what = '.', note = ''] = process.argv.slice(2)
if (results === '') throw new Error('usage: write-matrix.ts RESULTS [PATTERN|--write NOTE]')
if (what === '--write') {
  const lines = readFileSync(results, 'utf8').trimEnd().split('\n')
  // Written by the other half of this program.
  const cells = lines.map((line) => JSON.parse(line) as Result)
  const page = fileURLToPath(new URL('../../../../../docs/CRASH-MATRIX.md', import.meta.url))
  writeFileSync(page, matrixPage(cells, note))
} else {
  await run(new RegExp(what))
}

async function run(pattern: RegExp): Promise<void> {
  const shop = await openWorkshop()
  try {
    const all = cellsOf(await recordCalls(shop))
    const cells = all.filter(({ step, name, n, fault }) => pattern.test(`${step} ${name}@${n}=${fault}`))
    process.stderr.write(`${cells.length} of ${all.length} cells\n`)
    await runMatrix(shop, cells, {
      workers: 2,
      onResult: (result, done) => {
        appendFileSync(results, `${JSON.stringify(result)}\n`)
        const { step, name, n, fault, verdict, code, detail } = result
        process.stderr.write(`${done} ${step} ${name}@${n}=${fault}: ${verdict} ${code} ${detail}\n`)
      },
    })
  } finally {
    await shop.close()
  }
}
