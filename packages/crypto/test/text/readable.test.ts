import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isComposed } from '../../src/text/composed.ts'
import { isEarlierText, textFault, tidyText, withoutHidden } from '../../src/text/index.ts'

const vectors: Record<string, string[]> = JSON.parse(
  readFileSync(new URL('../../vectors/text/readable.json', import.meta.url), 'utf8'),
)

describe('TEXT-RULE: what people read', () => {
  it.each(Object.entries(vectors))('%s', (kind, texts) => {
    const found = texts.map((text) => [text, textFault(text)])
    expect(found).toEqual(texts.map((text) => [text, kind === 'good' ? null : kind]))
  })

  it('composed is what this Node calls NFC, for whatever the table does not refuse', () => {
    const piece = fc.constantFrom(
      ...'aEd\u0301\u0323\u0307\u0308\u0345\u1e0b\u1e69\u03b1\u1f80\u1100\u1161\u11a8\uac00\uac01\u09c7\u09be\u3099\u304b',
    )
    const texts = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', minLength: 1, maxLength: 2 })), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(texts, (pieces) => {
        const text = pieces.join('')
        fc.pre(!/[\u2000\u2001]|\p{Cn}/u.test(text))
        const points = Array.from(text, (one) => one.codePointAt(0) ?? 0)
        expect(isComposed(points)).toBe(text.normalize('NFC') === text)
      }),
      { numRuns: 300 },
    )
  })

  it('what is tidied has no fault that a person cannot see', () => {
    expect(tidyText('\u00a0Zoe\u0308\u3000B ')).toBe('Zo\u00eb B')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(['space', 'form']).not.toContain(textFault(tidyText(text)))
      }),
    )
  })

  it('what is hidden can be shown, and what is shown stays', () => {
    const shown = (text: string) => withoutHidden(text, () => '?')
    expect(shown('a\u200bb\u202ec\u{e0041}\u{1f600}')).toBe('a?b?c?\u{1f600}')
    expect(shown('\u0645\u06cc\u200c\u062e')).toBe('\u0645\u06cc\u200c\u062e')
    expect(textFault('\ud83d')).toBe('hidden')
  })

  it('documents of before refuse controls and directions alone', () => {
    expect(['a\u200bb', 'Zoe\u0308', '\u0410da', 'a '].every(isEarlierText)).toBe(true)
    expect(['a\nb', '\u009b', 'a\u202eb', '\u061c', '\u2069'].some(isEarlierText)).toBe(false)
  })
})
