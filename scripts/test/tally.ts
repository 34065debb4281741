import { existsSync, readFileSync } from 'node:fs'

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

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : 0

/**
 * Counts of vitest's JSON report. A run that wrote none, ran no test, or ended badly without naming a failed test
 * (a file that did not load, an error between tests) is one more failure: it must never look like a pass.
 */
export function tallyOfReport(file: string, exitCode: number | null): Tally {
  if (!existsSync(file)) return oneFailed
  const report: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof report !== 'object' || report === null) return oneFailed
  const at = (name: string): number => count(Reflect.get(report, name))
  const results: unknown = Reflect.get(report, 'testResults')
  const broken = Array.isArray(results)
    ? results.filter((result) => result?.status === 'failed' && result?.assertionResults?.length === 0).length
    : 0
  const tally = {
    passed: at('numPassedTests'),
    failed: at('numFailedTests') + broken,
    skipped: at('numPendingTests') + at('numTodoTests'),
  }
  const silent = exitCode !== 0 && tally.failed === 0
  const empty = tally.passed + tally.failed === 0
  return silent || empty ? add(tally, oneFailed) : tally
}
