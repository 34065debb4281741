import { readFileSync } from 'node:fs'
import { requestPackageCodec } from '@lux/ceremony/wire'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { checkApprovedRequest } from '../../../src/cli/request/approval.ts'
import { at, gather, remove, requested } from '../support/decryption-place.ts'

beforeAll(gather, 120_000)
afterAll(remove)

test('REQUEST-EXPIRED what holders answered in time is combined after the request has expired, and nothing is asked anew', async () => {
  const read = requestPackageCodec.parse(new Uint8Array(readFileSync(await requested('six'))))
  if (!read.ok) throw new Error(read.detail)
  const policy = at('policy.json')
  expect(checkApprovedRequest(read.value, policy)).toEqual(['Abe'])
  vi.useFakeTimers({ now: Date.parse(read.value.request.payload.expiry), toFake: ['Date'] })
  try {
    expect(() => checkApprovedRequest(read.value, policy)).toThrow(
      expect.objectContaining({ code: 'REQUEST-EXPIRED' }),
    )
    expect(checkApprovedRequest(read.value, policy, { answered: true })).toEqual(['Abe'])
    const bare = { ...read.value, approvals: [] }
    expect(() => checkApprovedRequest(bare, policy, { answered: true })).toThrow(
      expect.objectContaining({ code: 'REQUEST-APPROVALS' }),
    )
  } finally {
    vi.useRealTimers()
  }
}, 60_000)
