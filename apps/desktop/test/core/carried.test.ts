import { packFiles } from '@lux/crypto/transport'
import { expect, test } from 'vitest'
import { answerFiles } from '../../src/core/services/ceremonies/carried.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const signed = text('{"payload":{}}')
const part = text('age-encryption.org/v1')

test('an answer is known by what is in it, in whatever order its files were packed', () => {
  expect(answerFiles('acknowledgement', signed)).toEqual([signed])
  expect(answerFiles('holder-answer', packFiles([signed, part]))).toEqual([signed, part])
  expect(answerFiles('holder-answer', packFiles([part, signed]))).toEqual([signed, part])
  expect(answerFiles('holder-answer', packFiles([signed]))).toEqual([signed])
})

test.each([
  ['TRANSFER-PACKAGE', 'no package', signed],
  ['TRANSFER-PACKAGE', 'a package that is cut short', packFiles([signed, part]).subarray(0, 20)],
  ['TRANSFER-PACKAGE', 'an empty one', new Uint8Array([0])],
  ['FILE-WRONG-KIND', 'a part without the answer that seals it', packFiles([part])],
])('%s %s is no answer', (code, _what, bytes) => {
  expect(() => answerFiles('holder-answer', bytes)).toThrow(expect.objectContaining({ code }))
})
