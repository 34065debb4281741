import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { afterEach, expect, test } from 'vitest'
import { isolated, Said, timeOf } from '../src/index.ts'

const zone = process.env.TZ
afterEach(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

test.each([
  ['UTC', '2026-02-01 22:20 UTC'],
  ['Africa/Cairo', '2026-02-02 00:20 (2026-02-01 22:20 UTC)'],
  ['America/Toronto', '2026-02-01 17:20 (22:20 UTC)'],
])(
  'PHONE-TIME in %s an instant is told by the clock of the phone and in UTC, apart from the text around it',
  (name, shown) => {
    process.env.TZ = name
    expect(timeOf('2026-02-01T22:20:30.000Z')).toBe(`\u2068${shown}\u2069`)
  },
)

test('PHONE-TIME a sentence of ours is in its own direction, and what stands in it ends no isolate', () => {
  expect(isolated('Ada \u2069\u202e')).toBe('\u2068Ada \\u2069\\u202e\u2069')
  const shown = renderToStaticMarkup(
    createElement(Said, { told: { name: 'proposed', text: '', values: { by: 'Ada' } } }),
  )
  expect(shown).not.toContain('<bdi')
})
