import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Forms, KnownForms, maxForms } from '../../src/host/forms.ts'
import { value } from './any-value.ts'

/** The same value, every object and array of it frozen. */
const frozen = (one: unknown): unknown => {
  if (typeof one !== 'object' || one === null || one instanceof Uint8Array) return one
  for (const inner of Object.values(one)) frozen(inner)
  return Object.freeze(one)
}

describe('the forms of calls and answers', () => {
  it('values that differ in more than the bytes of their arrays never pass for one form', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        const forms = new Forms()
        const [first, second] = [forms.of(one, []), forms.of(other, [])]
        if (first === second) expect(JSON.parse(second.text)).toEqual(JSON.parse(first.text))
        else expect(first.text).not.toBe(second.text)
      }),
    )
  })

  it('are what a sender that has sent nothing yet would give, whatever has made way, frozen or not', () => {
    const forms = new Forms()
    const again: unknown[] = []
    fc.assert(
      fc.property(value, fc.boolean(), fc.nat(2 * maxForms), (one, isFrozen, back) => {
        again.push(isFrozen ? frozen(one) : one)
        for (const given of [again.at(-1), again.at(-1 - (back % again.length))]) {
          const [arrays, fresh]: [Uint8Array[], Uint8Array[]] = [[], []]
          expect(forms.of(given, arrays).text).toBe(new Forms().of(given, fresh).text)
          expect(arrays).toEqual(fresh)
        }
      }),
      { numRuns: 3 * maxForms },
    )
  })

  it('of which the oldest makes way alone, with all that led to nothing else', () => {
    const forms = new Forms()
    const values = Array.from({ length: maxForms + 1 }, (_, i) => ['sign', `key ${i}`])
    const first = values.map((one) => forms.of(one, []))
    for (let i = maxForms; i > 0; i--) expect(forms.of(values[i], []), String(i)).toBe(first[i])
    expect(forms.of(values[0], [])).not.toBe(first[0])
  })

  it('tell a record that is not frozen by what it says now', () => {
    const forms = new Forms()
    const record = { id: 'a' }
    const before = forms.of(record, [])
    record.id = 'b'
    expect(forms.of(record, []).text).toBe('{"id":"b"}')
    record.id = 'a'
    expect(forms.of(record, [])).toBe(before)
  })

  it('keep one number for a frozen record that is given again and again', () => {
    const forms = new Forms()
    const [record, other] = [Object.freeze({ id: 'k', bits: 256 }), Object.freeze({ id: 'k', bits: 128 })]
    const numbers = [record, other, record, other].map((one) => forms.of([one, 'x'], []).number)
    expect(numbers).toEqual([1, 2, 1, 2])
  })
})

describe('a receiver whose values are shared', () => {
  const learned = (one: unknown) => {
    const { number, text } = new Forms().of(one, [])
    return new KnownForms('shared').learn(number, text)
  }

  it('gets what has no arrays as one frozen value', () => {
    const fill = learned(['wrap', '1', [{ kek: { id: 'a' } }]])
    const first = fill([]) as [string, string, [{ kek: { id: string } }]]
    expect(fill([])).toBe(first)
    expect(() => {
      first[2][0].kek.id = 'b'
    }).toThrow(TypeError)
  })

  it('gets what has some anew, with the arrays of that call', () => {
    const fill = learned(['sign', { key: { id: 'a' }, digest: new Uint8Array(1) }])
    const [first, second] = [Uint8Array.of(1), Uint8Array.of(2)].map((digest) => fill([digest]))
    expect(first).toEqual(['sign', { key: { id: 'a' }, digest: Uint8Array.of(1) }])
    expect(second).toEqual(['sign', { key: { id: 'a' }, digest: Uint8Array.of(2) }])
  })
})
