import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { type ActPart, type ShownAct, useActParts } from '../src/index.ts'

const told = (name: string) => ({ name, values: {}, text: name })
const plain: ShownAct = {
  what: 'opening',
  act: { changes: [], people: [], keys: null, devices: [], claims: [], prints: [], since: null },
  facts: [],
  fresh: [],
  claims: [],
  text: [],
  digest: 'ab'.repeat(32),
}
const whole: ShownAct = {
  ...plain,
  act: {
    changes: [
      { about: 'lost', told: told('plan-root-destroyed'), mark: 'changed', was: told('plan-root-used') },
    ],
    people: [{ name: 'Eve', roles: ['officer'], mark: 'new' }],
    keys: {
      places: [{ kind: 'token', name: 'Lux main', count: 1 }],
      rows: [{ name: 'Root', depth: 0, at: ['lives'] }],
    },
    devices: [
      { kind: 'token', name: 'Lux main', serial: '0401', make: 'luna', mark: 'changed', was: '0388' },
    ],
    claims: [{ name: 'tokens', value: 'genuine' }],
    prints: [],
    since: null,
  },
  facts: [
    { whose: 'proved', name: 'step', value: 'proved line' },
    { whose: 'claimed', name: 'happened', value: 'claimed line' },
    { whose: 'proved', name: 'plan', value: 'cd'.repeat(32), print: true },
  ],
  fresh: [['an entry', 'its text']],
  claims: ['the workstation says'],
}

/** The parts as the last one who read them got them. */
let parts: readonly ActPart[] = []
function Reader({ shown }: { shown: ShownAct }) {
  parts = useActParts(shown, 'the words')
  return null
}
function partsOf(shown: ShownAct): readonly ActPart[] {
  renderToStaticMarkup(createElement(Reader, { shown }))
  return parts
}
const shownIn = (shown: ShownAct, name: ActPart['name']): string =>
  renderToStaticMarkup(createElement('div', null, partsOf(shown).find((one) => one.name === name)?.body))

test('READ-BEFORE what changes is the first part, then who, what and where, then what is only claimed, and the words are last', () => {
  expect(partsOf(whole).map(({ name }) => name)).toEqual([
    ...['asks', 'people', 'keys', 'devices', 'fresh', 'claims', 'words'],
  ])
  expect(partsOf(plain).map(({ name }) => name)).toEqual(['asks', 'words'])
})

test('READ-BEFORE what is claimed never shares a box with what is proved, and a digest stands only in a fold', () => {
  const asks = shownIn(whole, 'asks')
  const [, proved = '', claimed = ''] = asks.split(/<section class="card (?=proved|claimed)/)
  expect(proved).toContain('proved line')
  expect(proved).not.toContain('claimed line')
  expect(claimed).toContain('claimed line')
  expect(asks).not.toContain('cd'.repeat(32))
  const [open, folded = ''] = shownIn(whole, 'words').split('<details>')
  expect(open).toContain('the words')
  expect(folded).toContain('cd'.repeat(32))
  expect(folded).toContain('ab'.repeat(32))
})

test('ACT-MARKED what is new, changed or gone says so in words, beside what it was', () => {
  expect(shownIn(whole, 'asks').match(/act-mark/g)).toHaveLength(1)
  expect(shownIn(whole, 'people')).toContain('act-mark')
  expect(shownIn(whole, 'devices')).toContain('0388')
  expect(shownIn(whole, 'keys')).toContain('data-at="lives"')
})
