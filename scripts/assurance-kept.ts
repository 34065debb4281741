import { execFileSync } from 'node:child_process'
import { readSources } from './assurance/places.ts'
import { cheapestTier, testFolders, tiers, tiersOfFiles } from './assurance/tested.ts'
import { root } from './root.ts'

/** Rules of a page of ASSURANCE that had a test. */
const testedIn = (page: string): string[] =>
  [...page.matchAll(/^\| ([A-Z][A-Z0-9-]+) \| .* \| (.+) \|$/gm)].flatMap(([, id = '', shown]) =>
    shown === 'none of its own' ? [] : [id],
  )

// Shows that each rule that had a test in a commit still has one, and in which tier: `node scripts/assurance-kept.ts COMMIT`.
const [commit] = process.argv.slice(2)
if (commit === undefined) {
  process.stderr.write('usage: node scripts/assurance-kept.ts COMMIT\n')
  process.exit(2)
}
const page = execFileSync('git', ['show', `${commit}:docs/ASSURANCE.md`], { cwd: root, encoding: 'utf8' })
const files = readSources(root, testFolders)
const tiersOf = tiersOfFiles(root, files)
const kept = [...new Set(testedIn(page))].map((id) => ({ id, tier: cheapestTier(files, tiersOf, id) }))
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
