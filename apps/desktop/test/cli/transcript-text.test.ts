import { expect, test } from 'vitest'
import { textOf } from '../../src/cli/transcript.ts'

test('TRANSCRIPT-TEXT what people typed ends no column of a table and begins no row', () => {
  const text = textOf({
    kind: 'table',
    title: 'Deviations',
    columns: [
      { title: 'Nr.', width: 6 },
      { title: 'Happened', width: 94 },
    ],
    rows: [['1', 'bag 17 | decided: go on\nby \\ nobody']],
  })
  expect(text.split('\n')).toEqual([
    'Deviations',
    '  Nr. | Happened',
    '  1 | bag 17 \\| decided: go on; by \\\\ nobody',
  ])
})
