import { ImportGraph } from '../test/import-graph.ts'
import { type Tier, tierOf } from '../test/tiers.ts'
import { type Source, testsOf } from './places.ts'

/** Folders that hold the tests of rules. */
export const testFolders = [
  'packages/crypto/test',
  'packages/ceremony/test',
  'packages/people/test',
  'packages/node-files/test',
  'packages/hsm/test',
  'apps/companion-server/test',
  'apps/desktop/test',
  'e2e',
]

/** Cheapest first. */
export const tiers: readonly Tier[] = ['unit', 'driver', 'flow', 'e2e', 'nightly']

/** In which tiers each of `files` counts: a test in its own, a helper that lists rules in those of the tests that take it. */
export function tiersOfFiles(root: string, files: readonly Source[]): ReadonlyMap<string, ReadonlySet<Tier>> {
  const graph = new ImportGraph(root)
  const known = new Set(files.map(({ path }) => path))
  const found = new Map<string, Set<Tier>>()
  for (const { path } of files) {
    const tier = tierOf(path)
    if (tier === null) continue
    for (const one of graph.reached(path, (next) => known.has(next)))
      if (known.has(one)) found.set(one, (found.get(one) ?? new Set()).add(tier))
  }
  return found
}

/** The cheapest tier that shows a rule; null where no test does. */
export function cheapestTier(
  files: readonly Source[],
  tiersOf: ReadonlyMap<string, ReadonlySet<Tier>>,
  id: string,
): Tier | null {
  const showing = testsOf(files, id).map(({ path }) => tiersOf.get(path))
  return tiers.find((tier) => showing.some((some) => some?.has(tier))) ?? null
}
