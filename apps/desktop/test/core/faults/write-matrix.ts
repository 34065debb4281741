/**
 * `node write-matrix.ts RESULTS [PATTERN [CEREMONY …]]` runs the crash matrix of these ceremonies (all where none is named),
 * or those of its cells that PATTERN fits (`STEP FUNCTION@N=FAULT`), and adds each result as a line to RESULTS. What stands
 * there already is not run again, so that it can be stopped and gone on with. `node write-matrix.ts RESULTS --write NOTE`
 * makes results/crash-matrix.json of it; NOTE says when and where they ran. Token host and key child run as `npm run build` left them.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ceremonies } from './ceremonies.ts'
import { type Cell, cellsOf, openWorkshop, type Result, recordCalls, runMatrix } from './matrix.ts'
import { matrixPage } from './matrix-page.ts'

const [results = '', what = '.', ...rest] = process.argv.slice(2)
if (results === '') throw new Error('usage: write-matrix.ts RESULTS [PATTERN [CEREMONY …]|--write NOTE]')
if (what === '--write') {
  const { title, blocks } = matrixPage(resultsIn(results), listedIn(results), rest[0] ?? '')
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const page = { title, commit, date: new Date().toISOString().slice(0, 10), blocks }
  const path = fileURLToPath(new URL('../../../../../results/crash-matrix.json', import.meta.url))
  writeFileSync(path, `${JSON.stringify(page, null, 2)}\n`)
} else {
  await run(new RegExp(what), rest.length === 0 ? ceremonies.map(({ name }) => name) : rest)
}

/** Lines of the file, each written by this program. */
function linesOf<T>(path: string): T[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as T)
}

function resultsIn(path: string): Result[] {
  return linesOf<Result>(path)
}

/** How many cells each ceremony's matrix has, as its last run counted them. */
function listedIn(path: string): Map<string, number> {
  return new Map(linesOf<[string, number]>(`${path}.cells`))
}

async function run(pattern: RegExp, names: readonly string[]): Promise<void> {
  const shop = await openWorkshop()
  try {
    for (const name of names) await runCeremony(shop, name, pattern)
  } finally {
    await shop.close()
  }
}

async function runCeremony(
  shop: Awaited<ReturnType<typeof openWorkshop>>,
  name: string,
  pattern: RegExp,
): Promise<void> {
  const nameOf = (cell: Cell) => `${cell.step} ${cell.name}@${cell.n}=${cell.fault}`
  const all = cellsOf(await recordCalls(shop, name))
  appendFileSync(`${results}.cells`, `${JSON.stringify([name, all.length])}\n`)
  const done = new Set(
    resultsIn(results)
      .filter(({ ceremony }) => ceremony === name)
      .map(nameOf),
  )
  const cells = all.filter((cell) => pattern.test(nameOf(cell)) && !done.has(nameOf(cell)))
  process.stderr.write(`${name}: ${cells.length} of ${all.length} cells\n`)
  await runMatrix(shop, cells, {
    workers: Number(process.env.LUX_MATRIX_WORKERS ?? '2'),
    onResult: (result, count) => {
      appendFileSync(results, `${JSON.stringify(result)}\n`)
      const { verdict, code, detail } = result
      process.stderr.write(`${name} ${count} ${nameOf(result)}: ${verdict} ${code} ${detail}\n`)
    },
  })
}
