/**
 * Tiers of tests, each a project of the runner. A file's name says its tier: `x.test.ts` starts no process, loads no token
 * library and needs no build; `x.driver.test.ts` asks tokens; `x.flow.test.ts` runs commands, servers and whole ceremonies;
 * under e2e/ built apps are driven; `x.nightly.ts` is too long for every run.
 */
export type Tier = 'unit' | 'driver' | 'flow' | 'e2e' | 'nightly'

const all = ['{packages,apps}/*/test/**/*', 'scripts/test/**/*']
const ending = (end: string): string[] => all.map((files) => `${files}.${end}`)

/** What each tier of the packages, apps and scripts takes in; e2e/vitest.config.ts says the same of the built apps. */
export const filesOfTier = {
  unit: { include: ending('test.ts'), exclude: [...ending('driver.test.ts'), ...ending('flow.test.ts')] },
  driver: { include: ending('driver.test.ts'), exclude: [] },
  flow: { include: ending('flow.test.ts'), exclude: [] },
}

/** The tier of a file of the checkout, by its path; null for what is no test. */
export function tierOf(path: string): Tier | null {
  if (path.endsWith('.nightly.ts')) return 'nightly'
  if (!path.endsWith('.test.ts')) return null
  if (path.startsWith('e2e/')) return 'e2e'
  if (path.endsWith('.driver.test.ts')) return 'driver'
  return path.endsWith('.flow.test.ts') ? 'flow' : 'unit'
}
