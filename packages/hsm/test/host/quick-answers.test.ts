import { describe, expect, it } from 'vitest'
import { QuickAnswers } from '../../src/host/quick-answers.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function bench(processors = 2) {
  const state = { awaited: true }
  return { state, quick: new QuickAnswers(() => state.awaited, processors) }
}

describe('whether a client looks for answers instead of sleeping', () => {
  it('not before one has come quickly, and no longer than one is awaited', async () => {
    const { state, quick } = bench()
    // The first answers of a program come late, and so does what is asserted: neither is waited for between call and answer.
    for (let warm = 0; warm < 3; warm++) {
      quick.sent()
      quick.came()
    }
    const fresh = bench().quick
    fresh.sent()
    const before = fresh.looking
    quick.sent()
    quick.came()
    quick.sent()
    const after = quick.looking
    expect([before, after]).toEqual([false, true])
    state.awaited = false
    await turn()
    expect(quick.looking).toBe(false)
  })

  it('gives up on one that takes long, and sleeps from then on until one comes quickly again', async () => {
    const { quick } = bench()
    quick.sent()
    quick.came()
    quick.sent()
    await pause(5)
    expect(quick.looking).toBe(false)
    quick.came()
    quick.sent()
    expect(quick.looking).toBe(false)
    quick.came()
    quick.sent()
    expect(quick.looking).toBe(true)
    await pause(5)
  })

  it('never where one processor has the host’s work to do', () => {
    const { quick } = bench(1)
    quick.sent()
    quick.came()
    quick.sent()
    expect(quick.looking).toBe(false)
  })
})
