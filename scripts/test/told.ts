import type { FileResult } from './report.ts'

const filesShown = 20
const failuresShown = 20
const linesShown = 12

export type Timed = { suite: string; file: string; seconds: number }

/** The slowest files, slowest first, as lines to print. */
export function slowest(times: readonly Timed[]): string[] {
  const files = [...times].sort((a, b) => b.seconds - a.seconds).slice(0, filesShown)
  if (files.length === 0) return []
  const lines = files.map(
    ({ suite, file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${suite}  ${file}`,
  )
  return [`the ${files.length} slowest files of ${times.length}:`, ...lines]
}

/** What failed, each with the first lines of why. */
export function failuresOf(suite: string, results: readonly FileResult[]): string[][] {
  return results.flatMap(({ file, failures }) =>
    failures.map(({ name, why }) => [
      [suite, file, name].filter(Boolean).join('  '),
      ...why
        .split('\n')
        .slice(0, linesShown)
        .map((line) => `  ${line}`),
    ]),
  )
}

/** The failures as lines to print last, where a log that keeps only its end still shows them. */
export function failureLines(failures: readonly (readonly string[])[]): string[] {
  if (failures.length === 0) return []
  const more = failures.length - failuresShown
  return [
    `failed: ${failures.length}`,
    ...failures.slice(0, failuresShown).flat(),
    ...(more > 0 ? [`and ${more} more`] : []),
  ]
}
