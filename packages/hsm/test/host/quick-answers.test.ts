import { describe, expect, it } from 'vitest'
import { QuickAnswers } from '../../src/host/quick-answers.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A clock that stands until it is moved. */
function bench(processors = 2) {
  const state = { awaited: true, now: 0, looks: 0, answers: 0, blind: false }
  const look = () => {
    state.looks += 1
    state.now += 0.01
    if (state.blind) return null
    if (state.answers === 0) return false
    state.answers -= 1
    return true
  }
  return {
    state,
    quick: new QuickAnswers({ awaited: () => state.awaited, look, processors, now: () => state.now }),
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

  it('looks several times in one turn of the event loop, and leaves the turn with what it found', async () => {
    const { state, quick } = bench()
    quick.sent()
    quick.came()
    quick.sent()
    await turn()
    expect(state.looks).toBe(5)
    state.answers = 2
    await turn()
    expect([state.looks, state.answers]).toEqual([6, 1])
    await turn()
    expect([state.looks, state.answers]).toEqual([7, 0])
  })

  it('looks once a turn where only the event loop can tell', async () => {
    const { state, quick } = bench()
    state.blind = true
    quick.sent()
    quick.came()
    quick.sent()
    await turn()
    await turn()
    expect([state.looks, quick.looking]).toEqual([2, true])
  })

  it('takes no token for quick because calls of several callers overlap', async () => {
    const { state, quick } = bench()
    quick.sent()
    for (let call = 0; call < 20; call++) {
      state.now += 0.9
      quick.sent()
      state.now += 0.9
      quick.sent()
      quick.came()
      expect(quick.looking).toBe(false)
    }
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
