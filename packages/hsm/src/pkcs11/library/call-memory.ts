import { address } from 'koffi'
import { copyBytes, wipeBytes } from '../../few-bytes.ts'
import { hsmError } from '../../hsm-errors.ts'
import type { Field, Mechanism } from './handles.ts'

/**
 * Memory that all calls of this thread share, because allocating it would cost more than the call. A library reads a mechanism's memory
 * only during the call that begins the operation.
 */
class Ulongs {
  readonly bytes: Buffer
  readonly #slots: BigUint64Array
  readonly #halves: Uint32Array

  constructor(count: number) {
    const memory = new ArrayBuffer(count * 8)
    this.bytes = Buffer.from(memory)
    this.#slots = new BigUint64Array(memory)
    this.#halves = new Uint32Array(memory)
  }

  /** A number goes in two halves: several times quicker than by way of a bigint. Empty bytes are a null pointer. */
  put(at: number, field: Field): void {
    if (typeof field === 'number') {
      this.#halves[2 * at] = field % 2 ** 32
      this.#halves[2 * at + 1] = Math.floor(field / 2 ** 32)
    } else this.#slots[at] = field.length === 0 ? 0n : address(field)
  }

  /** Rounded where a number cannot hold it: for comparing with a limit. */
  get(at: number): number {
    return (this.#halves[2 * at] ?? 0) + (this.#halves[2 * at + 1] ?? 0) * 2 ** 32
  }
}

const mechanismStruct = new Ulongs(3)
const maxFields = 8
const parameterStruct = new Ulongs(maxFields)

/** What the struct points to stays until the next call. */
let held: Mechanism | null = null

/** CK_MECHANISM, until the next call. */
export function layOutMechanism(given: Mechanism): Buffer {
  held = given
  const { mechanism, parameter } = held
  mechanismStruct.put(0, mechanism)
  if (parameter === undefined || parameter instanceof Uint8Array) {
    mechanismStruct.put(1, parameter ?? 0)
    mechanismStruct.put(2, parameter?.length ?? 0)
    return mechanismStruct.bytes
  }
  if (parameter.length > maxFields) throw new RangeError(`parameter: more than ${maxFields} fields`)
  for (let at = 0; at < parameter.length; at++) parameterStruct.put(at, parameter[at] ?? 0)
  mechanismStruct.put(1, parameterStruct.bytes)
  mechanismStruct.put(2, parameter.length * 8)
  return mechanismStruct.bytes
}

/** Room for every answer but the largest. */
const scratch = Buffer.alloc(8192)
const lengthOut = new Ulongs(1)

type Call = (out: Buffer, length: Buffer) => void

/** What a call writes that is told where to, and how much room there is. Refuses a length that there was no room for. */
export function written(room: number, doing: string, make: Call): Buffer {
  const out = room <= scratch.length ? scratch : Buffer.alloc(room)
  lengthOut.put(0, room)
  // A library that fails may have written before it did.
  let dirty = out.length
  try {
    make(out, lengthOut.bytes)
    const got = lengthOut.get(0)
    if (got > room) throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library wrote past its own length`)
    if (out !== scratch) return out.subarray(0, got)
    // From Node's pool: memory for a short answer is made faster there.
    const copy = Buffer.allocUnsafe(got)
    copyBytes(scratch, got, copy)
    dirty = got
    return copy
  } finally {
    if (out === scratch) wipeBytes(scratch, dirty)
  }
}

/** The length that a call names when it is given no room. */
export function namedLength(make: (out: null, length: Buffer) => void): number {
  lengthOut.put(0, 0)
  make(null, lengthOut.bytes)
  return lengthOut.get(0)
}
