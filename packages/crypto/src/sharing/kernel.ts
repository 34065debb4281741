import { fromBase64 } from '../base64.ts'
import type { RingElement, Width } from './galois-ring.ts'
import { KERNEL_BASE64 } from './kernel-bytes.ts'

type KernelExports = {
  readonly memory: { readonly buffer: ArrayBuffer }
  axpy64(target: number, source: number, count: number, factor: bigint): void
  axpy128(target: number, source: number, count: number, low: bigint, high: bigint): void
  dot64(a: number, b: number, count: number): bigint
  dot128(a: number, b: number, count: number): [bigint, bigint]
}

// Every host of this package has WebAssembly; a page needs 'wasm-unsafe-eval' in its policy.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

const VECTOR_BYTES = 65_536
const STREAM = 4 * VECTOR_BYTES
const COEFFICIENTS = [0, 1, 2, 3] as const
const WORD_MASK = (1n << 64n) - 1n

let compiled: object | undefined

/**
 * Secret arithmetic over a vector of ring elements (four coefficient vectors of `words` words of `width` bits),
 * in wasm memory of its own: no data-dependent branch or table, and `wipe` zeroes all of it.
 */
export type RingVector = {
  readonly width: Width
  readonly words: number
  /** vector += factor * stream; `stream` is words * width/8 bytes, little endian. */
  addScaled(stream: Uint8Array, factor: RingElement): void
  /** Sum of mask[j] * vector[j]: what a share subtracts from the body of a ciphertext block. */
  dot(mask: Uint8Array): RingElement
  /** The words of one coefficient, little endian, copied out. */
  coefficient(index: 0 | 1 | 2 | 3): Uint8Array
  wipe(): void
}

/** A zero vector; `words` at most 8192 of 64 bits or 4096 of 128, else RangeError. */
export function ringVector(width: Width, words: number): RingVector {
  const size = (words * width) / 8
  if (!Number.isInteger(words) || words < 1 || size > VECTOR_BYTES) {
    throw new RangeError(`words: ${words} of ${width} bits do not fit`)
  }
  compiled ??= new WebAssembly.Module(fromBase64(KERNEL_BASE64))
  // The cast holds: kernel.wat exports exactly these, and a test assembles it.
  const kernel = new WebAssembly.Instance(compiled).exports as KernelExports
  const memory = new Uint8Array(kernel.memory.buffer)
  const load = (bytes: Uint8Array, name: string) => {
    if (bytes.length !== size) throw new RangeError(`${name}: expected ${size} bytes, got ${bytes.length}`)
    memory.set(bytes, STREAM)
  }
  return {
    width,
    words,
    addScaled(stream, factor) {
      load(stream, 'stream')
      for (const c of COEFFICIENTS) {
        // Factors are public: they depend on holder numbers only.
        if (factor[c] === 0n) continue
        if (width === 64) kernel.axpy64(c * VECTOR_BYTES, STREAM, words, factor[c])
        else kernel.axpy128(c * VECTOR_BYTES, STREAM, words, factor[c] & WORD_MASK, factor[c] >> 64n)
      }
    },
    dot(mask) {
      load(mask, 'mask')
      const at = (c: number): bigint => {
        if (width === 64) return BigInt.asUintN(64, kernel.dot64(STREAM, c * VECTOR_BYTES, words))
        const [low, high] = kernel.dot128(STREAM, c * VECTOR_BYTES, words)
        return BigInt.asUintN(64, low) | (BigInt.asUintN(64, high) << 64n)
      }
      return [at(0), at(1), at(2), at(3)]
    },
    coefficient: (index) => memory.slice(index * VECTOR_BYTES, index * VECTOR_BYTES + size),
    wipe() {
      memory.fill(0)
    },
  }
}
