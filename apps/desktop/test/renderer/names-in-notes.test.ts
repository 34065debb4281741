import { expect, test } from 'vitest'
import { namesInNotes } from '../../src/renderer/stage/names-in-notes.ts'

const say = (names: string) => `In the room: ${names}.`

test('a few names are one note, none is none, and of many every name stands in a note that fits', () => {
  expect(namesInNotes(['Ada', 'Bo'], say)).toEqual(['In the room: Ada, Bo.'])
  expect(namesInNotes([], say)).toEqual([])
  const many = Array.from(
    { length: 60 },
    (_, index) => `${String(index).padStart(3, '0')} ${'n'.repeat(150)}`,
  )
  const notes = namesInNotes(many, say)
  expect(notes.length).toBeGreaterThan(4)
  expect(notes.every((note) => note.length <= 2000)).toBe(true)
  for (const name of many) expect(notes.filter((note) => note.includes(name))).toHaveLength(1)
})
