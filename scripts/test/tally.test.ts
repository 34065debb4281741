import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { summary, tallyOfReport } from './tally.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-tally-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function report(content: object): string {
  const file = join(folder, 'report.json')
  writeFileSync(file, JSON.stringify(content))
  return file
}

const passing = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0, testResults: [] }

test('a good run counts as its report says', () => {
  expect(tallyOfReport(report(passing), 0)).toEqual({ passed: 3, failed: 0, skipped: 1 })
})

test('a run without a report has failed', () => {
  expect(tallyOfReport(join(folder, 'none.json'), 0).failed).toBe(1)
})

test('a run of no test has failed', () => {
  expect(tallyOfReport(report({ ...passing, numPassedTests: 0 }), 0).failed).toBe(1)
})

test('a run that ended badly has failed even if every test passed', () => {
  expect(tallyOfReport(report(passing), 1)).toEqual({ passed: 3, failed: 1, skipped: 1 })
})

test('a file that did not load counts once', () => {
  const testResults = [{ status: 'failed', assertionResults: [] }]
  expect(tallyOfReport(report({ ...passing, testResults }), 1).failed).toBe(1)
})

test('the last line has one form', () => {
  expect(summary({ passed: 2, failed: 0, skipped: 0 })).toBe('2 passed, 0 failed')
  expect(summary({ passed: 2, failed: 1, skipped: 4 })).toBe('2 passed, 1 failed, 4 skipped')
})
