import type { ImportGraph } from './import-graph.ts'

/**
 * Which of `tests` a change touches: those that take a changed file, by imports, by reading it or by starting it. Data that no
 * file names counts for its whole package, or for all where it is in none; the checks of the checkout as a whole always count.
 */
export function touchedBy(
  changed: readonly string[],
  tests: readonly string[],
  graph: ImportGraph,
): string[] {
  const reached = new Map(tests.map((test) => [test, graph.reached(test)]))
  const named = new Set([...reached.values()].flatMap((all) => [...all]))
  const stray = changed.filter((path) => !named.has(path) && !/\.(tsx?|md)$/.test(path))
  const places = stray.map((path) => /^(?:packages|apps)\/[^/]+\//.exec(path)?.[0] ?? '')
  return tests.filter(
    (test) =>
      test.startsWith('scripts/') ||
      places.some((place) => test.startsWith(place)) ||
      changed.some((path) => reached.get(test)?.has(path)),
  )
}
