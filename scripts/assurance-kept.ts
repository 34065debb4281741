import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSources, testsOf } from './assurance/places.ts'
import { readRules } from './assurance/rules.ts'
import { cheapestTier, testFolders, tiers, tiersOfFiles } from './assurance/tested.ts'
import { root } from './root.ts'

/** Rules that had a test in the sources of a commit. */
function testedIn(commit: string): string[] {
  const then = mkdtempSync(join(tmpdir(), 'lux-kept-'))
  try {
    const sources = execFileSync('git', ['archive', commit, 'packages', 'apps', 'e2e', 'scripts'], {
      cwd: root,
      maxBuffer: 1 << 30,
    })
    execFileSync('tar', ['-x', '-C', then], { input: sources })
    const tests = readSources(then, testFolders)
    const ids = readRules(then).flatMap((set) => set.ids)
    return [...new Set(ids)].filter((id) => testsOf(tests, id).length > 0)
  } finally {
    rmSync(then, { recursive: true, force: true })
  }
}

// Shows that each rule that had a test in a commit still has one, and in which tier: `node scripts/assurance-kept.ts COMMIT`.
const [commit] = process.argv.slice(2)
if (commit === undefined) {
  process.stderr.write('usage: node scripts/assurance-kept.ts COMMIT\n')
  process.exit(2)
}
const files = readSources(root, testFolders)
const tiersOf = tiersOfFiles(root, files)
const kept = testedIn(commit).map((id) => ({ id, tier: cheapestTier(files, tiersOf, id) }))
for (const tier of tiers) {
  const ids = kept.filter((one) => one.tier === tier).map(({ id }) => id)
  process.stdout.write(
    `${tier}: ${ids.length}${tier === 'nightly' && ids.length > 0 ? ` (${ids.join(', ')})` : ''}\n`,
  )
}
const lost = kept.filter(({ tier }) => tier === null)
for (const { id } of lost) process.stdout.write(`lost: ${id}\n`)
process.stdout.write(
  `${kept.length} rules had a test in ${commit}, ${kept.length - lost.length} have one now\n`,
)
process.exitCode = kept.length === 0 || lost.length > 0 ? 1 : 0
