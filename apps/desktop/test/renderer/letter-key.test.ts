import { expect, test } from 'vitest'
import { isLetter, letters } from '../../src/renderer/runner/letter-key.ts'

const plain = { repeat: false, isComposing: false, altKey: false, ctrlKey: false, metaKey: false }

test.each(Object.values(letters))(
  '%s is pressed on a keyboard of any letters, once, and by itself',
  (letter) => {
    const key = letter.toLowerCase()
    expect(isLetter(letter, { ...plain, key, code: `Key${letter}` })).toBe(true)
    expect(isLetter(letter, { ...plain, key: 'ا', code: `Key${letter}` })).toBe(true)
    expect(isLetter(letter, { ...plain, key, code: 'KeyX' })).toBe(true)
    expect(isLetter(letter, { ...plain, key: 'x', code: 'KeyX' })).toBe(false)
    for (const held of ['repeat', 'isComposing', 'altKey', 'ctrlKey', 'metaKey'])
      expect(isLetter(letter, { ...plain, key, code: `Key${letter}`, [held]: true })).toBe(false)
  },
)

test.each([
  ['Dvorak', { key: 'd', code: 'KeyH' }, ['D']],
  ['Dvorak', { key: 'h', code: 'KeyJ' }, ['H']],
  ['Dvorak, shifted', { key: 'D', code: 'KeyH' }, ['D']],
  ['Arabic', { key: 'ا', code: 'KeyH' }, ['H']],
  ['Greek', { key: 'δ', code: 'KeyD' }, ['D']],
  ['AZERTY', { key: 'q', code: 'KeyA' }, []],
])('one press on a keyboard of %s never says both: %o', (_keyboard, pressed, said) => {
  expect(Object.values(letters).filter((letter) => isLetter(letter, { ...plain, ...pressed }))).toEqual(said)
})

test('Heard and Differs have keys of their own', () => {
  expect(letters.heard).not.toBe(letters.differs)
})
