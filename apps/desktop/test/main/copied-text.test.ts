import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CopiedText } from '../../src/main/copied-text.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function board(text: string) {
  const state = { text }
  const copied = new CopiedText({
    readText: () => state.text,
    clear: () => {
      state.text = ''
    },
  })
  return { state, copied }
}

test('CLIPBOARD-CLEAR what was copied out of the window is gone after its seconds, and not before', async () => {
  const { state, copied } = board('holder-1 / aardvark')
  await copied.note(60)
  await vi.advanceTimersByTimeAsync(59_000)
  expect(state.text).toBe('holder-1 / aardvark')
  await vi.advanceTimersByTimeAsync(1000)
  expect(state.text).toBe('')
})

test('CLIPBOARD-CLEAR what another program put there since stays, also when the window locks', async () => {
  const { state, copied } = board('ours')
  await copied.note(60)
  state.text = 'theirs'
  await copied.clear()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(state.text).toBe('theirs')
})

test('CLIPBOARD-CLEAR the lock clears at once, a second copy counts anew, and never means never', async () => {
  const { state, copied } = board('first')
  await copied.note(60)
  await vi.advanceTimersByTimeAsync(30_000)
  state.text = 'second'
  await copied.note(60)
  await vi.advanceTimersByTimeAsync(45_000)
  expect(state.text).toBe('second')
  await copied.clear()
  expect(state.text).toBe('')
  state.text = 'third'
  await copied.note(0)
  await copied.clear()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(state.text).toBe('third')
})
