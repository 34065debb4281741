import {
  deterministicEntropy,
  encodeDocument,
  generateIdentity,
  parseDocument,
  signatureContext,
  signDocument,
} from '@lux/crypto'
import { expect, test } from 'vitest'
import { encodeState, freshState, parseState } from '../../src/index.ts'

const identity = generateIdentity(deterministicEntropy(new Uint8Array(32).fill(3)), ['ed25519', 'mlDsa65'])
const header = {
  domain: 'rehearsal',
  keyId: new Uint8Array(32),
  epochId: new Uint8Array(32),
  epoch: 0,
  holder: 3,
}
// A record is of a share by these fields of its header, and of a holder by the signing keys: it reads nothing else.
const of = { key: { identity }, envelope: { share: { header } } } as unknown as Parameters<
  typeof parseState
>[1]

/** The record as a build of version 1 wrote it. */
function versionOne(leaving: string | null): Uint8Array {
  const state = { ...freshState(), spent: { at64: 4, at128: 0 }, leaving }
  const { payload } = parseDocument(encodeState(state, of), { maxBytes: 1 << 16 })
  expect(payload).toMatchObject({ v: 2 })
  const earlier = { ...Object(payload), v: 1 }
  return encodeDocument(signDocument([identity], signatureContext('holder-state', 'rehearsal'), earlier))
}

test('HOLDER-STATE-OTHER a record of version 1 keeps its count, but names a plan and no run where its epoch is being left', () => {
  expect(parseState(versionOne(null), of)).toMatchObject({
    ok: true,
    value: { spent: { at64: 4 }, leaving: null },
  })
  expect(parseState(versionOne('ab'.repeat(32)), of)).toMatchObject({
    ok: false,
    rule: 'HOLDER-STATE-OTHER',
    detail: expect.stringContaining('a plan and not the run'),
  })
})
