import { describe, expect, it } from 'vitest'
import { QuickAnswers } from '../../src/host/quick-answers.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A clock that stands until it is moved. */
function bench(processors = 2) {
  const state = { awaited: true, now: 0 }
  return {
    state,
    quick: new QuickAnswers(
      () => state.awaited,
      processors,
      () => state.now,
    ),
  }
}

describe('whether a client looks for answers instead of sleeping', () => {
  it('not before one has come quickly, and no longer than one is awaited', async () => {
    const { state, quick } = bench()
    quick.sent()
    expect(quick.looking).toBe(false)
    state.now += 0.1
    quick.came()
    quick.sent()
    expect(quick.looking).toBe(true)
    await turn()
    expect(quick.looking).toBe(true)
    state.awaited = false
    await turn()
    expect(quick.looking).toBe(false)
  })

  it('gives up on one that takes long, and sleeps from then on until one comes quickly again', async () => {
    const { state, quick } = bench()
    quick.sent()
    quick.came()
    quick.sent()
    state.now += 5
    await turn()
    expect(quick.looking).toBe(false)
    quick.came()
    quick.sent()
    expect(quick.looking).toBe(false)
    state.now += 0.3
    quick.came()
    quick.sent()
    expect(quick.looking).toBe(true)
    state.now += 5
    await turn()
    expect(quick.looking).toBe(false)
  })

  it('never where one processor has the host’s work to do', () => {
    const { quick } = bench(1)
    quick.sent()
    quick.came()
    quick.sent()
    expect(quick.looking).toBe(false)
  })
})
