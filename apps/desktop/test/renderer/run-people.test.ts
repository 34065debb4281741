import { expect, test } from 'vitest'
import { playedAlone } from '../../src/renderer/stage/run-people.ts'

const ada = { name: 'Ada', role: 'administrator', standIn: true }
const hal = { name: 'Hal', role: 'holder', standIn: false }

test('one press speaks for everybody only in a rehearsal in which everybody is simulated', () => {
  expect(playedAlone({ domain: 'rehearsal', people: [ada] })).toBe(true)
  expect(playedAlone({ domain: 'rehearsal', people: [ada, hal] })).toBe(false)
  expect(playedAlone({ domain: 'production', people: [ada] })).toBe(false)
})
