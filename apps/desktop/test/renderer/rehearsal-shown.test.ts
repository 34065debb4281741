import { expect, test } from 'vitest'
import { groupOf } from '../../src/renderer/home/groups.ts'
import { showsRehearsal } from '../../src/renderer/shell/screens.ts'

const list = [
  { id: 'r', domain: 'rehearsal' },
  { id: 'p', domain: 'production' },
] as const
const production = { id: 'p', domain: 'production' } as const

test('the banner of a rehearsal stands over its run and its transcript, and over nothing else while it is open', () => {
  for (const name of ['run', 'transcript'] as const) {
    expect(showsRehearsal({ name, id: 'r' }, null, list)).toBe(true)
    expect(showsRehearsal({ name, id: 'p' }, production, list)).toBe(false)
    // The list has not been read again since this run was made.
    expect(showsRehearsal({ name, id: 'p' }, production, [list[0]])).toBe(false)
    expect(showsRehearsal({ name, id: 'new' }, { id: 'new', domain: 'rehearsal' }, list)).toBe(true)
  }
  for (const name of ['home', 'tokens', 'bundles'] as const)
    expect(showsRehearsal({ name, id: null }, { id: 'r', domain: 'rehearsal' }, list)).toBe(false)
})

test('a sealed rehearsal that is over has ended on Home, and a sealed production run is handed over', () => {
  expect(groupOf({ over: true, state: 'sealed' })).toBe('ended')
  expect(groupOf({ over: false, state: 'sealed' })).toBe('to-hand-over')
  expect(groupOf({ over: false, state: 'exported' })).toBe('to-hand-over')
  expect(groupOf({ over: false, state: 'paused' })).toBe('under-way')
  expect(groupOf({ over: true, state: 'aborted' })).toBe('ended')
})
