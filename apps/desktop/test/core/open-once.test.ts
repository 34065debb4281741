import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OpenOnce } from '../../src/core/create-core.ts'

const later = (ms: number) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('START-ORDER the work begins with the first that waits for it, and is done once', async () => {
  let times = 0
  const opened = new OpenOnce(async () => {
    times += 1
  }, 60_000)
  await later(5)
  expect(times).toBe(0)
  await Promise.all([opened.done(), opened.done()])
  expect(times).toBe(1)
})

test('START-ORDER it begins by itself when nobody waits for it', async () => {
  let times = 0
  const opened = new OpenOnce(async () => {
    times += 1
  }, 1)
  await later(30)
  expect(times).toBe(1)
  await opened.settle()
})

test('START-ORDER whoever waits is told why it failed; whoever only ends is not', async () => {
  const opened = new OpenOnce(() => Promise.reject(new Error('no library')), 60_000)
  await expect(opened.done()).rejects.toThrow('no library')
  await expect(opened.done()).rejects.toThrow('no library')
  await opened.settle()
})

test('START-ORDER work that never began does not begin at the end', async () => {
  let times = 0
  const opened = new OpenOnce(async () => {
    times += 1
  }, 5)
  await opened.settle()
  await later(20)
  expect(times).toBe(0)
})
