import { expect, test } from 'vitest'
import { refusalTexts } from '../../src/refusal-texts.ts'
import { maxCiphertext } from '../../src/threshold/ciphertexts.ts'
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

test('CIPHERTEXTS-FULL the text says when room is made', () => {
  const remedy = refusalTexts.of('CIPHERTEXTS-FULL')?.remedy ?? ''
  const { afterEnd, unasked } = configuredKeeping()
  expect(remedy).toContain(`${afterEnd / 3_600_000} hours`)
  expect(remedy).toContain(`${unasked / 86_400_000} days`)
})
