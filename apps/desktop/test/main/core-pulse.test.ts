import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Pulse, watchPulse } from '../../src/main/core-process.ts'

let said: string[]
let pulse: Pulse
beforeEach(() => {
  vi.useFakeTimers()
  said = []
  pulse = watchPulse({ patienceMs: 60_000, ask: () => said.push('ask'), silent: () => said.push('silent') })
})
afterEach(() => {
  pulse.stop()
  vi.useRealTimers()
})

test('CORE-HUNG one question is asked, and after the whole patience without any answer it is silent, once', () => {
  vi.advanceTimersByTime(5_000)
  expect(said).toEqual(['ask'])
  vi.advanceTimersByTime(59_999)
  expect(said).toEqual(['ask'])
  vi.advanceTimersByTime(1)
  expect(said).toEqual(['ask', 'silent'])
  vi.advanceTimersByTime(600_000)
  expect(said).toEqual(['ask', 'silent'])
})

test('CORE-HUNG whatever comes, and however late within the patience, counts as life', () => {
  vi.advanceTimersByTime(64_999)
  pulse.heard()
  // The next question comes a millisecond later, and then the whole patience begins anew.
  vi.advanceTimersByTime(60_000)
  expect(said).toEqual(['ask', 'ask'])
})

test('CORE-HUNG a night in which the machine slept is no silence', () => {
  vi.advanceTimersByTime(5_000)
  // Clocks go on in a night, timers do not: the one that was due fires once when the machine wakes.
  vi.setSystemTime(Date.now() + 8 * 3_600_000)
  vi.advanceTimersByTime(5_000)
  expect(said).toEqual(['ask'])
  pulse.heard()
  vi.advanceTimersByTime(60_000)
  expect(said).toEqual(['ask', 'ask'])
})

test('CORE-HUNG nobody is asked of a core that is gone', () => {
  pulse.stop()
  vi.advanceTimersByTime(600_000)
  expect(said).toEqual([])
})
