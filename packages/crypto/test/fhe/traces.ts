import { parseShare } from '../../src/fhe/index.ts'
import type { Entropy } from '../../src/random.ts'
import { entropyOf } from './fixture.ts'

type Memory = { readonly buffer: ArrayBuffer }
type Instance = { readonly exports: { readonly memory: Memory } }
/** Node has it; its types do not. */
type Wasm = { Instance: new (...args: never[]) => Instance }

/** What a hook of the caller throws. */
export const lost = new Error('the disk is gone')

/**
 * Every buffer that is made while it watches: by `new Uint8Array`, by `slice`, and as memory of a wasm instance. It stands
 * in for the three globals, passes everything on, and keeps what comes out.
 */
function watchBuffers(): Disposable & { holding(secrets: readonly Uint8Array[]): ArrayBufferLike[] } {
  const { Uint8Array: Bytes } = globalThis
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: Wasm }
  const { Instance } = wasm
  const slice = Bytes.prototype.slice
  const made = new Set<ArrayBufferLike>()
  const memories: Memory[] = []
  globalThis.Uint8Array = new Proxy(Bytes, {
    construct(target, args, asked) {
      const bytes: Uint8Array = Reflect.construct(target, args, asked)
      // A view of a buffer that was there before makes none.
      if (!(args[0] instanceof ArrayBuffer)) made.add(bytes.buffer)
      return bytes
    },
  })
  Bytes.prototype.slice = function (...range) {
    const copy = slice.apply(this, range)
    made.add(copy.buffer)
    return copy
  }
  wasm.Instance = new Proxy(Instance, {
    construct(target, args, asked) {
      const instance: Instance = Reflect.construct(target, args, asked)
      memories.push(instance.exports.memory)
      return instance
    },
  })
  return {
    [Symbol.dispose]() {
      globalThis.Uint8Array = Bytes
      Bytes.prototype.slice = slice
      wasm.Instance = Instance
    },
    holding: (secrets) =>
      [...made, ...memories.map(({ buffer }) => buffer)].filter((buffer) =>
        secrets.some((secret) => Buffer.from(buffer).includes(Buffer.from(secret))),
      ),
  }
}

export function seedsOf(share: Uint8Array): Uint8Array[] {
  return parseShare(share).seeds.flatMap(({ seeds }) => seeds)
}

/** What is left of the secrets when the work is done or has thrown. */
export function leftBy(secrets: readonly Uint8Array[], work: () => unknown) {
  using watch = watchBuffers()
  let came: unknown
  try {
    came = work()
  } catch (error) {
    came = error
  }
  return { came, left: watch.holding(secrets) }
}

/** The same of work that is awaited. */
export async function leftAfter(secrets: readonly Uint8Array[], work: () => Promise<unknown>) {
  using watch = watchBuffers()
  const came: unknown = await work().catch((error: unknown) => error)
  return { came, left: watch.holding(secrets) }
}

const POOL_BYTES = 4096

/** Keeps what it gave, out of a pool that was there before; the draw after `fails` throws. */
export function sourceOf(seed: number, fails = Number.POSITIVE_INFINITY): Entropy & { gave: Uint8Array[] } {
  const pool = entropyOf(seed).bytes(POOL_BYTES)
  let drawn = 0
  const gave: Uint8Array[] = []
  return {
    gave,
    bytes(length) {
      if (gave.length === fails) throw lost
      const bytes = pool.subarray(drawn, drawn + length)
      drawn += length
      gave.push(bytes)
      return bytes
    },
  }
}

export const allZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)
