import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Code, Rec } from '../../src/renderer/components/record.tsx'

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
