import { expect, test } from 'vitest'
import { sentencesOf } from '../prose/sentences.ts'

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
