import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ciphertextsAt, seenAt } from '../../../src/cli/shell/fhe-files.ts'

const native = fileURLToPath(new URL('../../../../../packages/crypto/vectors/native', import.meta.url))
const sum = join(native, 'results', 'sum-u8.squashed.bin')

test('ciphertexts are read one at a time, as often as they are gone through, and a folder stands for its files by name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ciphertexts-'))
  try {
    for (const name of ['b.bin', 'a.bin']) copyFileSync(sum, join(folder, name))
    expect(seenAt([folder]).map(({ path }) => path)).toEqual(
      ['a.bin', 'b.bin'].map((one) => join(folder, one)),
    )
    const files = ciphertextsAt([folder])
    expect([[...files].length, [...files].length]).toEqual([2, 2])
    const [first] = files
    rmSync(join(folder, 'b.bin'))
    // The second is read when it is asked for, and not before.
    expect(first).toEqual([...ciphertextsAt([sum])][0])
    expect(() => [...files]).toThrow('FILE-MISSING')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('FHE-CIPHERTEXTS-MANY more than an answer can hold are refused before one is read', () => {
  const many = Array.from({ length: 10_001 }, () => join(native, 'no such file'))
  expect(() => ciphertextsAt(many)).toThrow('FHE-CIPHERTEXTS-MANY: 10001 ciphertexts, at most 10000')
})
