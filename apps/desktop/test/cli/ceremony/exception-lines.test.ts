import type { RunView } from '@lux/ceremony'
import { expect, test } from 'vitest'
import { exceptionLines } from '../../../src/cli/ceremony/outcome.ts'

const about = (happened: string, decision: 'retry' | null): RunView['exceptions'][number] => ({
  id: 1,
  step: 'log-in',
  about: 'failed',
  expected: 'the token of the plan, logged in',
  happened,
  decision,
  by: null,
  reason: null,
  choices: ['retry', 'abort'],
  compared: null,
  proposal: null,
  document: null,
})

test('whoever comes back to an open exception is told what happened and what was planned', () => {
  expect(
    exceptionLines({
      exceptions: [about('HSM-TOKEN-ABSENT: 7700', 'retry'), about('HSM-PIN-WRONG: 0', null)],
    }),
  ).toEqual(['happened HSM-PIN-WRONG: 0', 'expected the token of the plan, logged in'])
  expect(exceptionLines({ exceptions: [about('HSM-TOKEN-ABSENT: 7700', 'retry')] })).toEqual([])
})
