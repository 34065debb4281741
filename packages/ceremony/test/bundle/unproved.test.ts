import { expect, test } from 'vitest'
import { unprovedOf } from '../../src/bundle/unproved.ts'

test('VERDICT-UNPROVED what no file proves is always named, and more where less is known', () => {
  const known = { isPolicyMissing: false, signedHere: [] }
  const production = { domain: 'production', fhe: null } as const
  expect(unprovedOf(production, known)).toEqual(['hardware', 'room', 'clock', 'signed-before'])
  expect(unprovedOf(production, { ...known, isPolicyMissing: true })).toEqual([
    ...['signers', 'hardware', 'room', 'clock', 'signed-before'],
  ])
  // Only that there is a threshold key counts.
  expect(unprovedOf({ domain: 'rehearsal', fhe: {} }, { ...known, signedHere: ['Ada'] })).toEqual([
    ...['rehearsal', 'hardware', 'room', 'clock', 'shares', 'signed-here', 'signed-before'],
  ])
  expect(unprovedOf(null, known)).toEqual(['anything'])
})
