import { expect, test } from 'vitest'
import { coded } from '../../src/renderer/runner/told.tsx'
import { clocksDiffer } from '../../src/renderer/stage/clock-card.tsx'

test('what the machine reports begins with its code; what a person says is left as it is', () => {
  expect(coded('STEP-05: 10:10 was read')).toEqual({ code: 'STEP-05', detail: '10:10 was read' })
  expect(coded('HSM-PIN-WRONG: logging in')).toEqual({ code: 'HSM-PIN-WRONG', detail: 'logging in' })
  for (const said of ['The seal is broken: twice', 'PIN: typed aloud', 'A-: b'])
    expect(coded(said)).toEqual({ code: null, detail: said })
})

test('clocks differ by more than five minutes to either side, and not by five', () => {
  const at = '2026-12-01T10:00:00.000Z'
  const read = (value: string) => clocksDiffer({ value, at })
  expect(['2026-12-01T10:05:00Z', '2026-12-01T09:55:00Z'].map(read)).toEqual([false, false])
  expect(['2026-12-01T10:05:01Z', '2026-12-01T09:54:59Z'].map(read)).toEqual([true, true])
})
