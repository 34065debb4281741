import { encodeCanonical, type Json, toHex } from '@lux/crypto'
import { expect, test } from 'vitest'
import { freshState, heartbeatLines, type OpenedShare, readHeartbeatRequest } from '../../src/index.ts'

const header = {
  domain: 'production',
  keyId: new Uint8Array(32).fill(1),
  epochId: new Uint8Array(32).fill(2),
  epoch: 4,
  holder: 3,
}
const request = {
  domain: 'production',
  ceremonyId: '0e'.repeat(16),
  keyId: toHex(header.keyId),
  epochId: toHex(header.epochId),
  challenge: '0c'.repeat(32),
} as const
test('a holder reads the challenge and what is left before the share is stated to be held', () => {
  // The lines read these fields of an opened share and no other.
  const opened = {
    envelope: { share: { header, budgets: { at64: 10, at128: 20 } } },
    before: { ...freshState(), spent: { at64: 4, at128: 25 } },
  } as unknown as OpenedShare
  const lines = heartbeatLines(opened, request).map(({ text }) => text)
  expect(lines[0]).toContain('share 3 of epoch 4')
  expect(lines.join('\n')).toContain(request.challenge)
  expect(lines.at(-1)).toBe('you have left 0 squashed blocks and 6 fresh ones')
})

test('HEARTBEAT-REQUEST a request is read from what a run writes, and from nothing else', () => {
  const file = (change: { [name: string]: Json }) =>
    readHeartbeatRequest(
      encodeCanonical({ v: 1, kind: 'heartbeat-request', ...request, missing: [], names: [], ...change }),
    )
  expect(file({})).toEqual({ ok: true, value: request })
  for (const change of [
    { kind: 'acknowledgement-request' },
    { domain: 'test' },
    { challenge: '0c'.repeat(31) },
    { challenge: '0C'.repeat(32) },
    { keyId: 1 },
    { epochId: null },
    { ceremonyId: '' },
  ])
    expect(file(change)).toMatchObject({ ok: false, rule: 'HEARTBEAT-REQUEST' })
  expect(readHeartbeatRequest(new Uint8Array(40_000)).ok).toBe(false)
  expect(readHeartbeatRequest(new Uint8Array([123])).ok).toBe(false)
})
