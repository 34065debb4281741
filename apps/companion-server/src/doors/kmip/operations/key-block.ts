import { createPrivateKey, createPublicKey } from 'node:crypto'
import { accept, type Outcome, refuse } from '@lux/crypto'
import { enumerations } from '../codec/enumerations.ts'
import { byteString, enumeration, given, integer, misfit, openFields, structure } from '../codec/fields.ts'
import type { Item } from '../codec/ttlv.ts'

const { KeyFormatType: formats } = enumerations

export type KeyBlock = {
  readonly format: number
  readonly material: Uint8Array
  readonly algorithm: number | null
  readonly length: number | null
}

/** A key that a client brings, in the clear. Refuses KMIP-FEATURE what is wrapped or compressed. */
export function readKeyBlock(items: readonly Item[]): Outcome<KeyBlock> {
  const fields = openFields('KeyBlock', items)
  const format = fields.required('KeyFormatType', 'enumeration')
  const compression = fields.optional('KeyCompressionType', 'enumeration')
  const value = fields.optionalItem('KeyValue')
  const algorithm = fields.optional('CryptographicAlgorithm', 'enumeration')
  const length = fields.optional('CryptographicLength', 'integer')
  const wrapping = fields.optional('KeyWrappingData', 'structure')
  fields.end()
  if (compression !== null || wrapping !== null)
    return refuse('KMIP-FEATURE', 'a key is registered neither wrapped nor compressed')
  if (value?.type !== 'structure') throw misfit('KeyBlock', 'KeyValue is no structure')
  const inner = openFields('KeyValue', value.value)
  const material = inner.optionalItem('KeyMaterial')
  // Attributes that were wrapped with a key; there is nothing wrapped here.
  if (inner.rest().length > 0) return refuse('KMIP-FEATURE', 'attributes within KeyValue are not served')
  const bytes = material === null ? null : bytesOf(format, material)
  return bytes === null
    ? refuse('KMIP-FORMAT', `KeyFormatType ${format} is not served for this object`)
    : accept({ format, material: bytes, algorithm, length })
}

/** Raw bytes, or PKCS#8 of a pair's private half. */
function bytesOf(format: number, material: Item): Uint8Array | null {
  if (format === formats.TransparentSymmetricKey && material.type === 'structure') {
    const fields = openFields('KeyMaterial', material.value)
    const key = fields.required('Key', 'byte-string')
    fields.end()
    return key
  }
  if (material.type !== 'byte-string') return null
  const { value } = material
  if (format === formats.Raw || format === formats.Opaque || format === formats.PKCS_8) return value
  const type = format === formats.PKCS_1 ? 'pkcs1' : format === formats.ECPrivateKey ? 'sec1' : null
  if (type === null) return null
  try {
    const key = createPrivateKey({ key: Buffer.from(value), format: 'der', type })
    return key.export({ format: 'der', type: 'pkcs8' })
  } catch {
    return null
  }
}

/** Bits of a private half; null where it is none, or of a curve that nothing here has. */
export function bitsOf(pkcs8: Uint8Array): number | null {
  try {
    const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
    const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
    return modulusLength ?? { prime256v1: 256, secp384r1: 384 }[namedCurve ?? ''] ?? null
  } catch {
    return null
  }
}

/** A private half in the format that a client asks for; null where there is none such. */
export function privateFormat(pkcs8: Uint8Array, format: number): Uint8Array | null {
  if (format === formats.PKCS_8) return pkcs8
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  if (format === formats.PKCS_1 && key.asymmetricKeyType === 'rsa')
    return key.export({ format: 'der', type: 'pkcs1' })
  if (format === formats.ECPrivateKey && key.asymmetricKeyType === 'ec')
    return key.export({ format: 'der', type: 'sec1' })
  return null
}

export function publicFormat(spki: Uint8Array, format: number): Uint8Array | null {
  if (format === formats.X_509) return spki
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  return format === formats.PKCS_1 && key.asymmetricKeyType === 'rsa'
    ? key.export({ format: 'der', type: 'pkcs1' })
    : null
}

export type Wrapping = { readonly key: string; readonly parameters: readonly Item[] }

/** A key that leaves; wrapped, its value is a string of bytes. */
export function writeKeyBlock(
  { format, material, algorithm, length }: KeyBlock,
  wrapping: readonly Item[] | null = null,
): Item {
  return structure('KeyBlock', [
    enumeration('KeyFormatType', format),
    wrapping === null
      ? structure('KeyValue', [materialItem(format, material)])
      : byteString('KeyValue', material),
    given(algorithm, enumeration, 'CryptographicAlgorithm'),
    given(length, integer, 'CryptographicLength'),
    wrapping === null ? null : structure('KeyWrappingData', wrapping),
  ])
}

const materialItem = (format: number, material: Uint8Array): Item =>
  format === formats.TransparentSymmetricKey
    ? structure('KeyMaterial', [byteString('Key', material)])
    : byteString('KeyMaterial', material)
