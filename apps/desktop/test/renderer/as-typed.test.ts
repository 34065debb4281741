import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { usePause } from '../../src/renderer/setup/use-pause.ts'

type Effect = () => undefined | (() => void)
/** What React would run once the page stands, and a page of text alone does not. */
let effects: Effect[] = []
vi.mock('react', async (original) => ({
  ...(await original<typeof import('react')>()),
  useEffect: (effect: Effect) => effects.push(effect),
}))

beforeEach(() => {
  vi.useFakeTimers()
  effects = []
})
afterEach(() => vi.useRealTimers())

/** One look at a field in which this stands; gives what ends that look. */
function shows(typed: string | null, then: () => void): () => void {
  renderToStaticMarkup(
    createElement(() => {
      usePause(typed, then)
      return null
    }),
  )
  const ends = effects.splice(0).map((effect) => effect())
  return () => {
    for (const end of ends) end?.()
  }
}

test('what somebody types is kept once they pause, and not at every letter', () => {
  const kept: string[] = []
  const type = (typed: string) => shows(typed, () => kept.push(typed))
  const first = type('Ro')
  vi.advanceTimersByTime(499)
  first()
  type('Root')
  vi.advanceTimersByTime(499)
  expect(kept).toEqual([])
  vi.advanceTimersByTime(1)
  expect(kept).toEqual(['Root'])
  vi.advanceTimersByTime(5000)
  expect(kept).toEqual(['Root'])
})

test('where nobody types nothing is sent', () => {
  const then = vi.fn()
  shows(null, then)
  vi.advanceTimersByTime(5000)
  expect(then).not.toHaveBeenCalled()
})
