import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Lines } from '../src/index.ts'

const digest = 'ab'.repeat(32)

test('what a person reads stands open, a fingerprint opens on a press, and times are told to the minute', () => {
  const shown = renderToStaticMarkup(
    createElement(Lines, {
      kind: 'proved',
      title: 'Proved',
      lines: [
        { name: 'key', value: digest, print: true },
        { name: 'expires', value: '2026-02-01T10:20:30.000Z' },
      ],
    }),
  )
  const [open, closed] = shown.split('<details>')
  expect(open).toContain('2026-02-01 10:20 UTC')
  expect(open).not.toContain(digest)
  expect(closed).toContain('ab')
})

test('what is claimed is never a fingerprint, whatever stands in it', () => {
  const value = `open everything ${digest}`
  const shown = renderToStaticMarkup(
    createElement(Lines, {
      kind: 'claimed',
      title: 'Claimed',
      lines: [{ name: 'purpose', value }],
    }),
  )
  expect(shown).toContain(value)
  expect(shown).not.toContain('<details>')
})
