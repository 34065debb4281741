import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { root } from '../root.ts'

export type Timed = { suite: string; file: string; seconds: number }

const shown = 20

/** How long each file of vitest's JSON report took; none where there is no report. */
export function timesOfReport(report: string, suite: string): Timed[] {
  if (!existsSync(report)) return []
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults?: { name: string; startTime: number; endTime: number }[]
  }
  return (testResults ?? []).map(({ name, startTime, endTime }) => ({
    suite,
    file: relative(root, name),
    seconds: (endTime - startTime) / 1000,
  }))
}

/** The slowest files, slowest first, as lines to print. */
export function slowest(times: readonly Timed[]): string[] {
  const files = [...times].sort((a, b) => b.seconds - a.seconds).slice(0, shown)
  if (files.length === 0) return []
  const lines = files.map(
    ({ suite, file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${suite}  ${file}`,
  )
  return [`the ${files.length} slowest files of ${times.length}:`, ...lines]
}
