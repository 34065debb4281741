import { expect, test } from 'vitest'
import { exitOf, statusOf } from '../src/index.ts'

test('one table says how a program ends at a code: by its row, else by its family, else as the program does', () => {
  expect(
    ['FILE-EXISTS', 'DISK-FULL', 'HSM-PIN-INVALID', 'HSM-CRASHED'].map((code) => exitOf(code, 1)),
  ).toEqual([2, 3, 1, 3])
  expect(['RUN-06', 'ANSWER-TWICE', 'constructor'].map((code) => [exitOf(code, 1), exitOf(code, 3)])).toEqual(
    [
      [1, 3],
      [1, 3],
      [1, 3],
    ],
  )
})

test('the same table says the status of an answer over HTTP, 400 where nothing is decided', () => {
  expect(
    ['OBJECT-ABSENT', 'REQUEST-STATE', 'BODY-TOO-LONG', 'KEY-DISABLED', 'toString'].map(statusOf),
  ).toEqual([404, 409, 413, 400, 400])
})
