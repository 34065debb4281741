import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../root.ts'
import { failureLines, failuresOfReport } from './failures.ts'

test('each failed test is named with the first lines of why, and so is a file that did not load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'failures-'))
  const report = join(folder, 'report.json')
  const testResults = [
    {
      name: join(root, 'packages/crypto/test/a.test.ts'),
      assertionResults: [
        { status: 'passed', fullName: 'holds' },
        { status: 'failed', fullName: 'breaks', failureMessages: [Array(40).fill('because').join('\n')] },
      ],
    },
    { name: join(root, 'packages/hsm/test/b.test.ts'), message: 'no such module', assertionResults: [] },
  ]
  writeFileSync(report, JSON.stringify({ testResults }))
  const lines = failureLines(failuresOfReport(report, 'unit'))
  rmSync(folder, { recursive: true })
  expect(lines.slice(0, 3)).toEqual([
    'failed: 2',
    'unit  packages/crypto/test/a.test.ts  breaks',
    '  because',
  ])
  expect(lines.slice(-2)).toEqual(['unit  packages/hsm/test/b.test.ts', '  no such module'])
  expect(lines.length).toBe(1 + 13 + 2)
})

test('a run without failures prints none, and one with many prints twenty', () => {
  expect(failureLines(failuresOfReport('/nonexistent/report.json', 'unit'))).toEqual([])
  const lines = failureLines(Array.from({ length: 23 }, (_, at) => [`unit  ${at}`]))
  expect([lines.length, lines.at(-1)]).toEqual([22, 'and 3 more'])
})
