import type { FileResult } from './report.ts'

export type Tally = { passed: number; failed: number; skipped: number }

export const none: Tally = { passed: 0, failed: 0, skipped: 0 }
export const onePassed: Tally = { passed: 1, failed: 0, skipped: 0 }
export const oneFailed: Tally = { passed: 0, failed: 1, skipped: 0 }

export function add(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/** The summing line of a whole run. */
export function summary({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * Counts of a run of vitest. A run of no test, or one that ended badly without a failed test, is one more failure:
 * it must never look like a pass.
 */
export function tallyOf(results: readonly FileResult[], exitCode: number | null): Tally {
  const tally = results.reduce(
    (sum, { passed, skipped, failures }) => add(sum, { passed, failed: failures.length, skipped }),
    none,
  )
  const silent = exitCode !== 0 && tally.failed === 0
  const empty = tally.passed + tally.failed === 0
  return silent || empty ? add(tally, oneFailed) : tally
}
