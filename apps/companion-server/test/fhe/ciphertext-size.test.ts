import { expect, test } from 'vitest'
import { refusalTexts } from '../../src/refusal-texts.ts'
import { maxCiphertext } from '../../src/threshold/ciphertexts.ts'
import { checkRequestSize } from '../../src/threshold/requests.ts'
import { configuredKeeping } from '../../src/threshold/room.ts'

// THRESHOLD-FHE section 2: two radix blocks in one squashed block of 4097 words of 16 bytes; about 100 bytes of header.
test.each([1024, 2048])(
  'CIPHERTEXT-TOO-LARGE a squashed value of %i bits, the widest that tfhe has, is none',
  (bits) => {
    const block = 4097 * 16 + 84
    expect((bits / 4) * block + 200).toBeLessThanOrEqual(maxCiphertext)
  },
)

test('CIPHERTEXT-TOO-LARGE the text names the limit', () => {
  expect(refusalTexts.of('CIPHERTEXT-TOO-LARGE')?.why).toContain(`at most ${maxCiphertext / 2 ** 20} MiB`)
})

test('REQUEST-TOO-LARGE ten thousand results of 8 bits and 1250 of 64 are none; 1400 MiB and a byte are', () => {
  const rule = (...sizes: number[]) => {
    const checked = checkRequestSize(sizes.map((size) => ({ size })))
    return checked.ok ? null : checked.rule
  }
  expect([rule(10_000 * 131_382), rule(1250 * 1_050_230)]).toEqual([null, null])
  expect([rule(1400 << 20), rule(1400 << 20, 1)]).toEqual([null, 'REQUEST-TOO-LARGE'])
  expect(refusalTexts.of('REQUEST-TOO-LARGE')?.why).toContain('at most 1400 MiB')
})

test('CIPHERTEXTS-FULL the text says when room is made', () => {
  const remedy = refusalTexts.of('CIPHERTEXTS-FULL')?.remedy ?? ''
  const { afterEnd, unasked } = configuredKeeping()
  expect(remedy).toContain(`${afterEnd / 3_600_000} hours`)
  expect(remedy).toContain(`${unasked / 86_400_000} days`)
})
