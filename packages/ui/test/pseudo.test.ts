import { expect, test } from 'vitest'
import { pseudo } from '../src/i18n/pseudo.ts'

test('PSEUDO-TEXT a text is marked at both ends, longer by 40 %, and still readable', () => {
  expect(pseudo('Proceed')).toBe('⟦Prócééd~~~⟧')
})

test('PSEUDO-TEXT what is added to a long text breaks as words do', () => {
  expect(pseudo('x'.repeat(40))).toBe(`⟦${'x'.repeat(40)}${'~'.repeat(12)} ~~~~⟧`)
})

test('PSEUDO-TEXT what is to be typed stays as it is between texts that are marked', () => {
  expect(pseudo('Do `custody token pin` now')).toBe('⟦Dó ~~⟧`custody token pin`⟦ nów~~⟧')
})
