import { address } from 'koffi'

/** An attribute as it goes to the library: bytes, or a template of attributes (WRAP_TEMPLATE, UNWRAP_TEMPLATE). */
export type Attribute = { readonly type: number; readonly value: Uint8Array | readonly Attribute[] }

/** CK_ATTRIBUTE on 64-bit Unix: type, pValue, ulValueLen, eight bytes each. */
export const attributeSize = 24

const isTemplate = (value: Attribute['value']): value is readonly Attribute[] => Array.isArray(value)

const aligned = (n: number) => (n + 7) & ~7

function sizeOf(template: readonly Attribute[]): number {
  return template.reduce(
    (sum, { value }) => sum + attributeSize + (isTemplate(value) ? sizeOf(value) : aligned(value.length)),
    0,
  )
}

/**
 * Lays a template out in one buffer with absolute pointers, nested ones included. The buffer must be kept alive for the
 * call and wiped after it: it can hold key bytes.
 */
export function layOut(template: readonly Attribute[]): Buffer {
  const memory = Buffer.alloc(Math.max(64, sizeOf(template)))
  const base = address(memory)
  let free = 0
  const place = (attributes: readonly Attribute[]): number => {
    const at = free
    free += attributes.length * attributeSize
    attributes.forEach(({ type, value }, i) => {
      const entry = at + i * attributeSize
      let pointer: number
      let length: number
      if (isTemplate(value)) {
        pointer = place(value)
        length = value.length * attributeSize
      } else {
        pointer = free
        memory.set(value, free)
        free += aligned(value.length)
        length = value.length
      }
      memory.writeBigUInt64LE(BigInt(type), entry)
      memory.writeBigUInt64LE(length === 0 ? 0n : base + BigInt(pointer), entry + 8)
      memory.writeBigUInt64LE(BigInt(length), entry + 16)
    })
    return at
  }
  place(template)
  return memory
}

export function ulong(value: number | bigint): Buffer {
  const out = Buffer.alloc(8)
  out.writeBigUInt64LE(BigInt(value))
  return out
}

export const bool = (value: boolean): Buffer => Buffer.from([value ? 1 : 0])

/** Nothing at an address: tokens take a null pointer for a missing argument, and an empty message is not missing. */
const nothing = Buffer.alloc(8).subarray(0, 0)

/** The same memory as a Buffer, which pkcs11js insists on. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes.length === 0 ? nothing : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
