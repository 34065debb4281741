import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Code, Rec, Sentence } from '../src/components/record.tsx'

test.each([
  ['Rec', Rec],
  ['Code', Code],
])('%s shows what overrides, embeds or isolates a direction, and ends no isolate but its own', (_, Shown) => {
  const shown = renderToStaticMarkup(
    createElement(Shown, null, 'toor\u202e', ' · ', '\u2069x\u202a', 7, createElement('i', null, 'y')),
  )
  expect(shown.replace(/<\/?bdi[^>]*>/g, '')).toBe('toor\\u202e · \\u2069x\\u202a7<i>y</i>')
})

test('Rec leaves marks of direction alone, which dates of the window hold', () => {
  const date = '\u200f١٢\u200f/\u061c٣\u200e'
  expect(renderToStaticMarkup(createElement(Rec, null, date))).toContain(date)
})

test('Sentence shows what is to be typed as code of its own direction, and the rest as it is', () => {
  const shown = (text: string) => renderToStaticMarkup(createElement(Sentence, null, text))
  expect(shown('تيقّن؛ `--accept-final-try`.')).toBe(
    'تيقّن؛ <bdi dir="ltr" class="mono" data-record="">--accept-final-try</bdi>.',
  )
  expect(shown('Log in again.')).toBe('Log in again.')
})
