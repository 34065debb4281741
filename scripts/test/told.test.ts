import { expect, test } from 'vitest'
import { failureLines, failuresOf, slowest } from './told.ts'

const result = { seconds: 1, passed: 1, skipped: 0 }

test('each failed test is named with the first lines of why, and so is a file that did not load', () => {
  const lines = failureLines(
    failuresOf('unit', [
      {
        ...result,
        file: 'packages/crypto/test/a.test.ts',
        failures: [{ name: 'breaks', why: Array(40).fill('because').join('\n') }],
      },
      { ...result, file: 'packages/hsm/test/b.test.ts', failures: [{ name: '', why: 'no such module' }] },
    ]),
  )
  expect(lines.slice(0, 3)).toEqual([
    'failed: 2',
    'unit  packages/crypto/test/a.test.ts  breaks',
    '  because',
  ])
  expect(lines.slice(-2)).toEqual(['unit  packages/hsm/test/b.test.ts', '  no such module'])
  expect(lines.length).toBe(1 + 13 + 2)
})

test('a run without failures prints none, and one with many prints twenty', () => {
  expect(failureLines([])).toEqual([])
  const lines = failureLines(Array.from({ length: 23 }, (_, at) => [`unit  ${at}`]))
  expect([lines.length, lines.at(-1)]).toEqual([22, 'and 3 more'])
})

test('the slowest twenty files are named, slowest first, with the suite that ran them', () => {
  const times = Array.from({ length: 25 }, (_, at) => ({
    suite: 'unit',
    file: `packages/crypto/test/${at}.test.ts`,
    seconds: at / 10,
  }))
  const lines = slowest(times)
  expect(lines.length).toBe(21)
  expect(lines[0]).toBe('the 20 slowest files of 25:')
  expect(lines[1]).toBe('    2.4 s  unit  packages/crypto/test/24.test.ts')
  expect(lines[20]).toBe('    0.5 s  unit  packages/crypto/test/5.test.ts')
  expect(slowest([])).toEqual([])
})
