import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import wabt from 'wabt'
import { toBase64 } from '../../src/base64.ts'
import { galoisRing, type RingElement } from '../../src/sharing/galois-ring.ts'
import { ringVector } from '../../src/sharing/kernel.ts'
import { KERNEL_BASE64 } from '../../src/sharing/kernel-bytes.ts'
import { bytesOf, wordsOf } from './reference.ts'

test("the kernel's bytes are its source", async () => {
  const source = readFileSync(new URL('../../src/sharing/kernel.wat', import.meta.url), 'utf8')
  const assembler = await wabt()
  const { buffer } = assembler.parseWat('kernel.wat', source, { multi_value: true }).toBinary({})
  expect(toBase64(buffer)).toBe(KERNEL_BASE64)
  expect(buffer.length).toBeLessThan(1024)
})

describe.each([64, 128] as const)('%i-bit vectors', (width) => {
  const top = (1n << BigInt(width)) - 1n
  // Edges of carry propagation are as likely as random words.
  const word = fc.oneof(
    fc.bigInt({ min: 0n, max: top }),
    fc.constantFrom(0n, 1n, top, 1n << 63n, (1n << 64n) - 1n),
  )
  const element = fc.tuple(word, word, word, word)

  test('scaled sums and dot products equal BigInt arithmetic', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, word, word), { minLength: 1, maxLength: 9 }),
        element,
        element,
        (rows, f: RingElement, g: RingElement) => {
          const [a, b, mask] = [0, 1, 2].map((c) => rows.map((row) => row[c]!)) as [
            bigint[],
            bigint[],
            bigint[],
          ]
          const ring = galoisRing(width)
          const vector = ringVector(width, rows.length)
          vector.addScaled(bytesOf(a, width), f)
          vector.addScaled(bytesOf(b, width), g)
          const expected = a.map((x, j) => ring.add(ring.scale(f, x), ring.scale(g, b[j]!)))
          for (const c of [0, 1, 2, 3] as const) {
            expect(wordsOf(vector.coefficient(c), width)).toEqual(expected.map((e) => e[c]))
          }
          const dot = expected.map((e, j) => ring.scale(e, mask[j]!)).reduce((sum, e) => ring.add(sum, e))
          expect(vector.dot(bytesOf(mask, width))).toEqual(dot)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('wiping leaves zeros', () => {
    const vector = ringVector(width, 3)
    vector.addScaled(new Uint8Array((3 * width) / 8).fill(7), [1n, 2n, 3n, 4n])
    vector.wipe()
    expect(vector.coefficient(3)).toEqual(new Uint8Array((3 * width) / 8))
  })

  test('a mask of another length throws', () => {
    expect(() => ringVector(width, 4).dot(new Uint8Array(8))).toThrow(RangeError)
  })
})
