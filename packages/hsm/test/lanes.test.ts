import { describe, expect, it } from 'vitest'
import { Pace } from '../src/pkcs11/lanes.ts'

describe('whether work is worth a thread', () => {
  it('not before it was slow twice in a row: one slow call is a busy computer', () => {
    const pace = new Pace()
    expect(pace.wantsThread('sign')).toBe(false)
    pace.tookInline('sign', 5)
    expect(pace.wantsThread('sign')).toBe(false)
    pace.tookInline('sign', 0.05)
    pace.tookInline('sign', 5)
    expect(pace.wantsThread('sign')).toBe(false)
    pace.tookInline('sign', 5)
    expect(pace.wantsThread('sign')).toBe(true)
    expect(pace.wantsThread('wrap')).toBe(false)
  })

  it('a kind that became quick is found out in time', () => {
    const pace = new Pace()
    pace.tookInline('sign', 5)
    pace.tookInline('sign', 5)
    let threads = 0
    for (let call = 0; call < 64; call++) {
      if (pace.wantsThread('sign')) threads += 1
      else pace.tookInline('sign', 0.05)
    }
    expect(threads).toBe(31)
  })
})
