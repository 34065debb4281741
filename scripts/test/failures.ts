import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { root } from '../root.ts'

const linesShown = 12
const failuresShown = 20

type Result = {
  name: string
  message?: string
  assertionResults: { status: string; fullName: string; failureMessages?: string[] }[]
}

const indented = (text: string): string[] =>
  text
    .split('\n')
    .slice(0, linesShown)
    .map((line) => `  ${line}`)

/** What failed by vitest's JSON report, each with the first lines of why; none where there is no report. */
export function failuresOfReport(report: string, suite: string): string[][] {
  if (!existsSync(report)) return []
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as { testResults?: Result[] }
  return (testResults ?? []).flatMap(({ name, message, assertionResults }) => {
    const file = relative(root, name)
    const failed = assertionResults.filter(({ status }) => status === 'failed')
    if (assertionResults.length === 0 && message) return [[`${suite}  ${file}`, ...indented(message)]]
    return failed.map(({ fullName, failureMessages }) => [
      `${suite}  ${file}  ${fullName}`,
      ...indented(failureMessages?.join('\n') ?? ''),
    ])
  })
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
