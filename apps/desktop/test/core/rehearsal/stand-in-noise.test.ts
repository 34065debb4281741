import type { Plan } from '@lux/ceremony/plan'
import { expect, test } from 'vitest'
import { rehearsedNoise, standInNoise } from '../../../src/core/rehearsal/stand-in-request.ts'

const plan = (fhe: object, more: object = {}) =>
  // Of a plan nothing else is looked at.
  ({ fhe: { mode: 'F', t: 2, n: 3, ...fhe }, decryptions: [{ id: 'first' }], ...more }) as unknown as Plan

test('a rehearsal says that what its stand-ins decrypt is hidden by less than the floor, at its worst quorum', () => {
  expect(standInNoise({ t: 2, n: 3 })).toEqual({ blockBits: 32, floorBits: 40, belowFloor: true })
  expect(rehearsedNoise(plan({}))).toMatchObject({ blockBits: 32, belowFloor: true })
  expect(rehearsedNoise(plan({ n: 2 }, { reshare: { t: 2, n: 3 } }))).toMatchObject({ blockBits: 32 })
})

test('it says nothing where stand-ins encrypt nothing', () => {
  expect(rehearsedNoise(plan({}, { decryptions: [] }))).toBeNull()
  expect(rehearsedNoise(plan({ mode: 'S' }))).toBeNull()
})
