import { expect, test } from 'vitest'
import { excused } from '../prose/limits.ts'
import { bannedPhrase } from '../prose/phrases.ts'
import { sentencesOf, textsOf } from '../prose/sentences.ts'

const counted = (page: string) => sentencesOf(page).map(({ line, words }) => [line, words])

test('PROSE each sentence is counted once, a link by its words and code as one word', () => {
  expect(counted('One two three. Four five.')).toEqual([
    [1, 3],
    [1, 2],
  ])
  expect(counted('See [the page](docs/a.md) and `npm run site -- x`.')).toEqual([[1, 5]])
  expect(counted('A sentence over\ntwo lines.')).toEqual([[1, 5]])
})

test('PROSE an item, a cell and a heading end a sentence, and fenced code has none', () => {
  expect(counted('# Title\n\n- one two\n- three\n\n| a b | c |\n')).toEqual([
    [1, 1],
    [3, 2],
    [4, 1],
    [6, 2],
    [6, 1],
  ])
  expect(counted('```sh\nnpm start now\n```\nAfter it.')).toEqual([[4, 2]])
})

test('PROSE every text of a file is found by its key, and a value in it is one word', () => {
  expect(textsOf({ a: { b: 'One {{two}}' }, c: 'Three' })).toEqual([
    ['a.b', 'One Value'],
    ['c', 'Three'],
  ])
})

test('PROSE a phrase that readers had to read twice is found as it stands', () => {
  expect(bannedPhrase('The name is not Of its form.')).toBe('Of its form')
  expect(bannedPhrase('The form of the key.')).toBe(undefined)
})

test('PROSE a list passes over the faults of its pages, and a page without one has to leave it', () => {
  const fault = (kind: 'sentence' | 'length', page: string) => ({ kind, page, text: `${kind} of ${page}` })
  const lists = { sentence: ['a.md', 'b.md'], length: [] }
  expect(
    excused([fault('sentence', 'a.md'), fault('length', 'a.md'), fault('sentence', 'c.md')], lists),
  ).toEqual(['length of a.md', 'sentence of c.md', expect.stringMatching(/^b\.md has no such fault/)])
})
