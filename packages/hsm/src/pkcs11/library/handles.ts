import { address } from 'koffi'
import type { Mechanism as JsMechanism } from 'pkcs11js'
import { asBuffer } from './memory.ts'

/** A slot, session or object handle: CK_ULONG, eight bytes little-endian, as pkcs11js has it. */
export type Handle = Buffer

/** A C structure of CK_ULONGs and pointers, eight bytes little-endian each on 64-bit Unix; empty bytes are a null pointer. */
export type Field = number | Uint8Array
export type Fields = readonly Field[]

/**
 * `parameter`: bytes, or a structure that is laid out for the call. `keep`: buffers that the parameter points into; they live
 * as long as the mechanism does.
 */
export type Mechanism = {
  readonly mechanism: number
  readonly parameter?: Uint8Array | Fields
  readonly keep?: readonly Uint8Array[]
}

export function structure(fields: Fields): Buffer {
  const out = Buffer.allocUnsafe(fields.length * 8)
  fields.forEach((field, i) => {
    out.writeBigUInt64LE(fieldValue(field), i * 8)
  })
  return out
}

const fieldValue = (field: Field): bigint =>
  typeof field === 'number' ? BigInt(field) : field.length === 0 ? 0n : address(field)

/** The same mechanism as pkcs11js takes it. */
export function forPkcs11js({ mechanism, parameter }: Mechanism): JsMechanism {
  if (parameter === undefined) return { mechanism }
  return {
    mechanism,
    parameter: parameter instanceof Uint8Array ? asBuffer(parameter) : structure(parameter),
  }
}

export const big = (handle: Handle): bigint => handle.readBigUInt64LE()

const safeHigh = 2 ** 21

/** As koffi takes a CK_ULONG: a number where it can hold the handle, which is several times quicker. */
export function word(handle: Handle): number | bigint {
  const high = handle.readUInt32LE(4)
  return high < safeHigh ? high * 2 ** 32 + handle.readUInt32LE(0) : big(handle)
}
