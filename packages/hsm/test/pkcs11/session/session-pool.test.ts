import { describe, expect, it } from 'vitest'
import { Pace, Paces } from '../../../src/pkcs11/session/session-pool.ts'

describe('whether work is worth a thread', () => {
  it('not before it was slow twice in a row: one slow call is a busy computer', () => {
    const pace = new Pace()
    expect(pace.wantsThread()).toBe(false)
    pace.tookInline(5)
    expect(pace.wantsThread()).toBe(false)
    pace.tookInline(0.05)
    pace.tookInline(5)
    expect(pace.wantsThread()).toBe(false)
    pace.tookInline(5)
    expect(pace.wantsThread()).toBe(true)
  })

  it('a kind that became quick is found out in time', () => {
    const pace = new Pace()
    pace.tookInline(5)
    pace.tookInline(5)
    let threads = 0
    for (let call = 0; call < 64; call++) {
      if (pace.wantsThread()) threads += 1
      else pace.tookInline(0.05)
    }
    expect(threads).toBe(31)
  })

  it('a pace that was learned counts for its mechanism and key alone', () => {
    const paces = new Paces()
    for (let call = 0; call < 2; call++) paces.of(1, 'slow key').tookInline(5)
    expect(paces.of(1, 'slow key').wantsThread()).toBe(true)
    expect(paces.of(1, 'another key').wantsThread()).toBe(false)
    expect(paces.of(2, 'slow key').wantsThread()).toBe(false)
  })
})
