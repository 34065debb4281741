/** `node write-shown.ts [VENDOR …]` writes results/stand-ins.json anew, or the rows of these makes alone. */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { type MakeShown, resultsPath, rulesOf, shownBefore, vendors } from './rules.ts'
import { showMake } from './shown.ts'

const asked = process.argv.slice(2)
const before = existsSync(resultsPath) ? shownBefore() : []
const rows: MakeShown[] = []
for (const vendor of vendors)
  for (const variant of rulesOf(vendor).variants) {
    const kept = before.find((row) => row.vendor === vendor && row.variant === variant)
    if (asked.length > 0 && !asked.includes(vendor)) rows.push(...(kept === undefined ? [] : [kept]))
    else rows.push(await showMake(vendor, variant))
  }
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
const date = new Date().toISOString().slice(0, 10)
writeFileSync(
  resultsPath,
  `${JSON.stringify({ title: 'Stand-ins of tokens that nobody here has', date, commit, rows }, null, 2)}\n`,
)
