import { expect, test } from 'vitest'
import { limits } from '../../src/contract/index.ts'
import { createFrameGate } from '../../src/main/frame-gate.ts'

test('GATE-SENDER a frame of another window or of another type does not pass', () => {
  const gate = createFrameGate(() => 0)
  expect(gate.check(false, '{}')).toBe('INPUT-INVALID')
  expect(gate.check(true, { id: 1 })).toBe('INPUT-INVALID')
  expect(gate.check(true, '{}')).toBe(null)
})

test('GATE-SIZE a frame passes up to its limit and no further', () => {
  const gate = createFrameGate(() => 0)
  expect(gate.check(true, 'x'.repeat(limits.requestLength))).toBe(null)
  expect(gate.check(true, 'x'.repeat(limits.requestLength + 1))).toBe('FRAME-TOO-LARGE')
})

test('GATE-RATE a second of frames passes at once, the next is refused, and time earns new ones', () => {
  let now = 0
  const gate = createFrameGate(() => now)
  for (let count = 0; count < limits.requestsPerSecond; count += 1) expect(gate.check(true, '{}')).toBe(null)
  expect(gate.check(true, '{}')).toBe('FRAME-TOO-MANY')
  now += 1000 / limits.requestsPerSecond
  expect(gate.check(true, '{}')).toBe(null)
  expect(gate.check(true, '{}')).toBe('FRAME-TOO-MANY')
})

test('GATE-RATE a foreign frame costs the own window nothing', () => {
  const gate = createFrameGate(() => 0)
  for (let count = 0; count < 10_000; count += 1) gate.check(false, '{}')
  expect(gate.check(true, '{}')).toBe(null)
})
