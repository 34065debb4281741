import { fromBase64 } from '../base64.ts'
import { concatBytes, utf8 } from '../bytes.ts'
import type { RingElement, Width } from './galois-ring.ts'
import { KERNEL_BASE64 } from './kernel-bytes.ts'
import {
  AT,
  DIGEST_OFFSET,
  FACTOR_STRIDE,
  LEAST_PAGES,
  MASK_OFFSET,
  MAX_KEY_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_SETS,
  MESSAGE_STRIDE,
  MOST_PAGES,
  PAGE_BYTES,
  PREFIX_BYTES,
  VECTOR_BYTES,
} from './kernel-layout.ts'
import { bigToBytes, u8, u32 } from './little-endian.ts'

type KernelExports = {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  hashFour(slot: number, bytes: number): void
  hmac(keyLength: number, messageLength: number): void
  expand(keyLength: number, messageLength: number, bytes: number): void
  keepFloodKey(index: number): void
  axpy64(target: number, source: number, count: number, factor: bigint): void
  axpy128(target: number, source: number, count: number, low: bigint, high: bigint): void
  dot64(a: number, b: number, count: number, out: number): void
  dotPair128(a: number, b: number, stride: number, count: number, out: number): void
  partial(
    slot: number,
    position: number,
    wide: number,
    words: number,
    sets: number,
    maskLow: bigint,
    maskHigh: bigint,
    topLow: bigint,
    topHigh: bigint,
  ): void
}

// Every host of this package has WebAssembly with 128-bit SIMD; a page needs 'wasm-unsafe-eval' in its policy.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

/** One LWE block: mask words and body word of K bits, little endian. */
export type LweBlock = { readonly mask: Uint8Array; readonly body: Uint8Array }

/** Blocks that share one ring element. */
export const PACKED_BLOCKS = 3
const LANES = 4
const COEFFICIENTS = [0, 1, 2, 3] as const
const WORD_MASK = (1n << 64n) - 1n

let compiled: object | undefined

/** An instance with a memory of its own, all zero but the table of constants. */
function openKernel(): KernelExports {
  compiled ??= new WebAssembly.Module(fromBase64(KERNEL_BASE64))
  // The cast holds: kernel-source exports exactly these, and a test assembles it.
  return new WebAssembly.Instance(compiled).exports as KernelExports
}

/**
 * Secret arithmetic over a vector of ring elements, in its own wasm memory: four coefficient vectors of `words` words of `width` bits. No
 * branch or address depends on data, and `wipe` zeroes all of it.
 */
export type RingVector = {
  readonly width: Width
  readonly words: number
  /** vector += factor * stream; `stream` is words * width/8 bytes, little endian. */
  addScaled(stream: Uint8Array, factor: RingElement): void
  /** vector += factor * ChaCha20(HMAC-SHA-256(seed, message)); the stream is never outside. At most 112 bytes of message. */
  addSeed(seed: Uint8Array, message: Uint8Array, factor: RingElement): void
  /** Keeps HMAC-SHA-256(seeds, message) as the flood key of one more set, whose noise counts `factor` times. */
  addNoise(seeds: readonly Uint8Array[], message: Uint8Array, factor: RingElement): void
  /** Sum of mask[j] * vector[j]: what a share subtracts from the body of a ciphertext block. */
  dot(mask: Uint8Array): RingElement
  /**
   * Copies blocks into the kernel, in place of those before, and hashes the copies: 32 bytes for each. At most as many as it
   * was opened for, each of `words` words.
   */
  admit(blocks: readonly LweBlock[]): Uint8Array[]
  /**
   * body - <mask, vector> + sum of factor * noise of every admitted block, three blocks to an element. The noise is drawn
   * in [-2^k, 2^k) from the digest of the very bytes that are multiplied.
   */
  partials(k: number): RingElement[]
  /** The words of one coefficient, little endian, copied out. */
  coefficient(index: 0 | 1 | 2 | 3): Uint8Array
  wipe(): void
}

/**
 * A zero vector. `words`: at most 8192 of 64 bits or 4096 of 128. `slots`: blocks admitted at once, 0 to 1024. Else RangeError. Its memory
 * grows only here, while nothing secret is in it: an engine that moves memory to grow it would leave a copy that nobody wipes.
 */
export function ringVector(width: Width, words: number, slots = 0): RingVector {
  const size = (words * width) / 8
  if (!Number.isInteger(words) || words < 1 || size > VECTOR_BYTES) {
    throw new RangeError(`words: ${words} of ${width} bits do not fit`)
  }
  if (!Number.isInteger(slots) || slots < 0) throw new RangeError(`slots: ${slots}, expected 0 to 1024`)
  const kernel = openKernel()
  reserve(kernel, slots)
  const memory = new Uint8Array(kernel.memory.buffer)
  let sets = 0
  let admitted = 0
  const load = (bytes: Uint8Array, name: string) => {
    if (bytes.length !== size) throw new RangeError(`${name}: expected ${size} bytes, got ${bytes.length}`)
    memory.set(bytes, AT.STREAM)
  }
  const loadKey = (seeds: readonly Uint8Array[], message: Uint8Array): number => {
    const length = seeds.reduce((sum, seed) => sum + seed.length, 0)
    if (length < 1 || length > MAX_KEY_BYTES) throw new RangeError(`seeds: ${length} bytes do not fit`)
    if (message.length > MAX_MESSAGE_BYTES)
      throw new RangeError(`message: ${message.length} bytes do not fit`)
    let at: number = AT.KEY
    for (const seed of seeds) {
      memory.set(seed, at)
      at += seed.length
    }
    memory.set(message, AT.INNER + 64)
    return length
  }
  const addStream = (factor: RingElement) => {
    for (const c of COEFFICIENTS) {
      // Factors are public: they depend on holder numbers only.
      if (factor[c] === 0n) continue
      const target = AT.VECTORS + c * VECTOR_BYTES
      if (width === 64) kernel.axpy64(target, AT.STREAM, words, factor[c])
      else kernel.axpy128(target, AT.STREAM, words, factor[c] & WORD_MASK, factor[c] >> 64n)
    }
  }
  const elementAt = (address: number): RingElement => {
    const view = new DataView(kernel.memory.buffer)
    const at = (c: number): bigint => {
      const low = view.getBigUint64(address + 16 * c, true)
      return width === 64 ? low : low | (view.getBigUint64(address + 16 * c + 8, true) << 64n)
    }
    return [at(0), at(1), at(2), at(3)]
  }
  return {
    width,
    words,
    addScaled(stream, factor) {
      load(stream, 'stream')
      addStream(factor)
    },
    addSeed(seed, message, factor) {
      kernel.expand(loadKey([seed], message), message.length, 512 * Math.ceil(size / 512))
      addStream(factor)
    },
    addNoise(seeds, message, factor) {
      if (sets === MAX_SETS) throw new RangeError(`sets: at most ${MAX_SETS}`)
      kernel.hmac(loadKey(seeds, message), message.length)
      kernel.keepFloodKey(sets)
      for (const c of COEFFICIENTS) {
        memory.set(bigToBytes(factor[c], 16), AT.FACTORS + c * FACTOR_STRIDE + 16 * sets)
      }
      sets++
    },
    dot(mask) {
      load(mask, 'mask')
      for (const c of width === 64 ? COEFFICIENTS : ([0, 2] as const)) {
        const [vector, out] = [AT.VECTORS + c * VECTOR_BYTES, AT.PARTIAL + 16 * c]
        if (width === 64) kernel.dot64(AT.STREAM, vector, words, out)
        else kernel.dotPair128(AT.STREAM, vector, VECTOR_BYTES, words, out)
      }
      return elementAt(AT.PARTIAL)
    },
    admit(blocks) {
      if (blocks.length > slots) throw new RangeError(`blocks: ${blocks.length}, at most ${slots}`)
      admitted = 0
      const digests = hashInto(kernel, { width, size }, blocks)
      admitted = blocks.length
      return digests
    },
    partials(k) {
      const top = 1n << BigInt(k)
      const mask = 2n * top - 1n
      // The kernel works on eight sets at a time. The rest of the last eight has the factor 0.
      const eights = 8 * Math.ceil(sets / 8)
      const elements: RingElement[] = []
      for (let at = 0; at < admitted; at++) {
        const position = at % PACKED_BLOCKS
        if (position === 0) memory.fill(0, AT.ELEMENT, AT.ELEMENT + 64)
        kernel.partial(
          AT.MESSAGES + at * MESSAGE_STRIDE,
          position,
          width === 128 ? 1 : 0,
          words,
          eights,
          mask & WORD_MASK,
          mask >> 64n,
          top & WORD_MASK,
          top >> 64n,
        )
        if (position === PACKED_BLOCKS - 1 || at === admitted - 1) elements.push(elementAt(AT.ELEMENT))
      }
      return elements
    },
    coefficient: (index) =>
      memory.slice(AT.VECTORS + index * VECTOR_BYTES, AT.VECTORS + index * VECTOR_BYTES + size),
    wipe() {
      memory.fill(0, AT.SECRETS, AT.MESSAGES)
      sets = 0
    },
  }
}

/** Runs `add` on a fresh vector and copies its first coefficient out. The vector is wiped even if `add` throws. */
export function summed(width: Width, words: number, add: (vector: RingVector) => void): Uint8Array {
  const vector = ringVector(width, words)
  try {
    add(vector)
    return vector.coefficient(0)
  } finally {
    vector.wipe()
  }
}

/**
 * SHA-256("lux-fhe/v1/block" || u8 K || u32 N || mask || body) of every block, 32 bytes each, four side by side. All
 * masks are of one length of at most 65536 bytes, else RangeError.
 */
export function hashBlocks(width: Width, blocks: readonly LweBlock[]): Uint8Array[] {
  const size = blocks[0]?.mask.length ?? 0
  const kernel = openKernel()
  const digests: Uint8Array[] = []
  reserve(kernel, LANES)
  for (let first = 0; first < blocks.length; first += LANES) {
    digests.push(...hashInto(kernel, { width, size }, blocks.slice(first, first + LANES)))
  }
  return digests
}

/** Grows the memory to hold so many message slots, in fours. */
function reserve(kernel: KernelExports, blocks: number): void {
  const slots = LANES * Math.ceil(blocks / LANES)
  const pages = LEAST_PAGES + Math.ceil((slots * MESSAGE_STRIDE) / PAGE_BYTES)
  if (pages > MOST_PAGES) throw new RangeError(`blocks: ${blocks}, at most 1024`)
  const present = kernel.memory.buffer.byteLength / PAGE_BYTES
  if (pages > present) kernel.memory.grow(pages - present)
}

/** Lays blocks out as padded messages, one to a slot, and hashes them. */
function hashInto(
  kernel: KernelExports,
  { width, size }: { width: Width; size: number },
  blocks: readonly LweBlock[],
): Uint8Array[] {
  if (size > VECTOR_BYTES) throw new RangeError(`blocks: masks of ${size} bytes do not fit`)
  const memory = new Uint8Array(kernel.memory.buffer)
  const view = new DataView(kernel.memory.buffer)
  const prefix = concatBytes(utf8('lux-fhe/v1/block'), u8(width), u32((size * 8) / width))
  const length = PREFIX_BYTES + size + width / 8
  const padded = 64 * Math.ceil((length + 9) / 64)
  for (const [at, { mask, body }] of blocks.entries()) {
    if (mask.length !== size) throw new RangeError(`mask: expected ${size} bytes, got ${mask.length}`)
    if (body.length !== width / 8) {
      throw new RangeError(`body: expected ${width / 8} bytes, got ${body.length}`)
    }
    const start = AT.MESSAGES + at * MESSAGE_STRIDE + MASK_OFFSET - PREFIX_BYTES
    memory.set(prefix, start)
    memory.set(mask, start + PREFIX_BYTES)
    memory.set(body, start + PREFIX_BYTES + size)
    memory.fill(0, start + length, start + padded)
    memory[start + length] = 0x80
    // Bits as u64, most significant byte first; the high half is 0.
    view.setUint32(start + padded - 4, 8 * length)
  }
  for (let first = 0; first < blocks.length; first += LANES) {
    kernel.hashFour(AT.MESSAGES + first * MESSAGE_STRIDE, padded)
  }
  return blocks.map((_, at) => {
    const digest = AT.MESSAGES + at * MESSAGE_STRIDE + DIGEST_OFFSET
    return memory.slice(digest, digest + 32)
  })
}
