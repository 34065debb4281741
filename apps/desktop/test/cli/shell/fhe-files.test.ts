import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ciphertextsAt } from '../../../src/cli/shell/fhe-files.ts'

const native = fileURLToPath(new URL('../../../../../packages/crypto/vectors/native', import.meta.url))
const files = ['sum-u8', 'minimum-u8'].map((name) => join(native, 'results', `${name}.squashed.bin`))

test('CIPHERTEXTS-TOO-LARGE ciphertexts that would not fit in memory together are refused before the rest is read', () => {
  const sizes = ciphertextsAt(files, 2 ** 20).map(({ bytes }) => bytes.length)
  const together = sizes[0]! + sizes[1]!
  expect(ciphertextsAt(files, together)).toHaveLength(2)
  const never = [...files, join(native, 'no such file')]
  expect(() => ciphertextsAt(never, together - 1)).toThrow(
    `CIPHERTEXTS-TOO-LARGE: the first 2 of 3 files have ${together} bytes, all together may have ${together - 1}`,
  )
})

test('FHE-CIPHERTEXTS-MANY more than an answer can hold are refused before one is read', () => {
  const many = Array.from({ length: 1025 }, () => join(native, 'no such file'))
  expect(() => ciphertextsAt(many)).toThrow('FHE-CIPHERTEXTS-MANY: 1025 ciphertexts, at most 1024')
})
