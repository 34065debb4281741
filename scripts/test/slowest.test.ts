import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../root.ts'
import { slowest, timesOfReport } from './slowest.ts'

test('the slowest twenty files are named, slowest first, with the suite that ran them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slowest-'))
  const report = join(folder, 'report.json')
  const testResults = Array.from({ length: 25 }, (_, at) => ({
    name: join(root, `packages/crypto/test/${at}.test.ts`),
    startTime: 1000,
    endTime: 1000 + at * 100,
  }))
  writeFileSync(report, JSON.stringify({ testResults }))
  const lines = slowest(timesOfReport(report, 'unit'))
  rmSync(folder, { recursive: true })
  expect(lines.length).toBe(21)
  expect(lines[0]).toBe('the 20 slowest files of 25:')
  expect(lines[1]).toBe('    2.4 s  unit  packages/crypto/test/24.test.ts')
  expect(lines[20]).toBe('    0.5 s  unit  packages/crypto/test/5.test.ts')
})

test('a run without a report has no slowest file', () => {
  expect(slowest(timesOfReport('/nonexistent/report.json', 'unit'))).toEqual([])
})
