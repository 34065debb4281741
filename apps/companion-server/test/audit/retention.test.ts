import { expect, test } from 'vitest'
import { announcedRanges } from '../../src/audit/retention.ts'

test('AUDIT-GAP an entry of a retention that says no ranges excuses no empty entry, and stops no walk', () => {
  const said = (outcome: string, operation = 'audit.retain') => announcedRanges({ operation, outcome })
  const ranges = [{ writer: 'a', from: '1', to: '2' }]
  expect(said(JSON.stringify({ ranges }))).toEqual(ranges)
  for (const outcome of ['', 'ok', 'null', '{}', '{"ranges":1}']) expect(said(outcome)).toEqual([])
  expect(said(JSON.stringify({ ranges }), 'key.read')).toEqual([])
})
