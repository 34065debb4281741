import { accept, type Outcome, refuse } from '@lux/crypto'
import type { StoredKey } from '../../../keys/repository.ts'
import { enumerations } from '../codec/enumerations.ts'
import { byteString, enumeration, misfit, openFields, structure, textString } from '../codec/fields.ts'
import type { Item } from '../codec/ttlv.ts'
import { readParameters } from './cryptographic-parameters.ts'
import { ownNumber } from './given-attributes.ts'
import { kindOf } from './key-attributes.ts'
import { privateFormat, publicFormat, writeKeyBlock } from './key-block.ts'
import { type Asked, keyOf, type Operation, readIdentifier } from './operation.ts'

const { KeyFormatType: formats, BlockCipherMode: modes } = enumerations

/** Wrapped under another key; in the clear only what its policy lets go; and public halves. */
export const get: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields)
    const format = fields.optional('KeyFormatType', 'enumeration')
    const wrapType = asked.version >= '1.4' ? fields.optional('KeyWrapType', 'enumeration') : null
    const compression = fields.optional('KeyCompressionType', 'enumeration')
    const wrapping = fields.optional('KeyWrappingSpecification', 'structure')
    fields.end()
    if (compression !== null) return refuse('KMIP-FEATURE', 'KeyCompressionType is not served')
    if (wrapType !== null && wrapType !== enumerations.KeyWrapType.NotWrapped)
      return refuse('KMIP-FEATURE', `KeyWrapType ${wrapType} is not served`)
    const { key, half } = keyOf(id)
    const made =
      half === 'public'
        ? await publicObject(asked, key, format, wrapping)
        : wrapping === null
          ? await plainObject(asked, key, format)
          : await wrappedObject(asked, key, format, wrapping)
    if (!made.ok) return made
    const { type, object } = made.value
    return accept({
      payload: [
        enumeration('ObjectType', enumerations.ObjectType[type]),
        textString('UniqueIdentifier', id),
        object,
      ],
      placeholder: id,
    })
  },
}

type Got = {
  readonly type: 'SymmetricKey' | 'PrivateKey' | 'PublicKey' | 'SecretData' | 'OpaqueObject'
  readonly object: Item
}

/** The kind of a key in KMIP's words, and the numbers that go into its block. */
function described(key: StoredKey) {
  const kind = kindOf(key)
  if (kind === null) return null
  const algorithm = kind.algorithm === null ? null : enumerations.CryptographicAlgorithm[kind.algorithm]
  return { type: kind.object, algorithm, length: kind.bits }
}

function objectOf(key: StoredKey, type: Got['type'], block: Item): Got {
  if (type !== 'SecretData') return { type, object: structure(type, [block]) }
  const kind = ownNumber(key.attributes, 'SecretDataType') ?? enumerations.SecretDataType.Password
  return { type, object: structure('SecretData', [enumeration('SecretDataType', kind), block]) }
}

const noFormat = (format: number) =>
  refuse('KMIP-FORMAT', `KeyFormatType ${format} is not served for this object`)

async function plainObject({ keys, call }: Asked, id: string, wanted: number | null): Promise<Outcome<Got>> {
  const made = await keys.exportPlain(call(), { id })
  if (!made.ok) return made
  const { key, bytes } = made.value
  const its = described(key)
  if (its === null) return noFormat(wanted ?? 0)
  const { type, algorithm, length } = its
  if (type === 'OpaqueObject')
    return wanted === null
      ? accept({
          type,
          object: structure(type, [
            enumeration('OpaqueDataType', ownNumber(key.attributes, 'OpaqueDataType') ?? 0),
            byteString('OpaqueDataValue', bytes),
          ]),
        })
      : noFormat(wanted)
  const usual = { SymmetricKey: formats.Raw, PrivateKey: formats.PKCS_8, SecretData: formats.Opaque }[type]
  // As it came, where nothing else is asked for.
  const format = wanted ?? ownNumber(key.attributes, 'KeyFormatType') ?? usual
  const raw = type === 'SymmetricKey' && format === formats.TransparentSymmetricKey
  const secret = type === 'SecretData' && format === formats.Raw
  const material =
    type === 'PrivateKey' ? privateFormat(bytes, format) : format === usual || raw || secret ? bytes : null
  if (material === null) return noFormat(format)
  return accept(objectOf(key, type, writeKeyBlock({ format, material, algorithm, length })))
}

async function publicObject(
  { keys, call }: Asked,
  id: string,
  wanted: number | null,
  wrapping: readonly Item[] | null,
): Promise<Outcome<Got>> {
  if (wrapping !== null) return refuse('KMIP-FEATURE', 'a public key is not wrapped')
  const key = await keys.get(call(), { id })
  if (!key.ok) return key
  const half = await keys.publicKey(call(), { id })
  if (!half.ok) return half
  const format = wanted ?? formats.X_509
  const material = publicFormat(half.value.spki, format)
  const its = described(key.value)
  if (material === null || its === null) return noFormat(format)
  const { algorithm, length } = its
  return accept(objectOf(key.value, 'PublicKey', writeKeyBlock({ format, material, algorithm, length })))
}

async function wrappedObject(
  asked: Asked,
  id: string,
  wanted: number | null,
  specification: readonly Item[],
): Promise<Outcome<Got>> {
  const fields = openFields('KeyWrappingSpecification', specification)
  const method = fields.required('WrappingMethod', 'enumeration')
  const under = fields.optional('EncryptionKeyInformation', 'structure')
  const rest = fields.rest()
  const encoding = rest.find(({ value, type }) => type === 'enumeration' && value === 1)
  // Without an encoding, KMIP wraps the TTLV of the value and not its bytes.
  if (method !== enumerations.WrappingMethod.Encrypt || rest.length !== 1 || encoding === undefined)
    return refuse('KMIP-FEATURE', 'keys are wrapped by WrappingMethod Encrypt and EncodingOption NoEncoding')
  if (under === null) throw misfit('KeyWrappingSpecification', 'EncryptionKeyInformation is missing')
  const inner = openFields('EncryptionKeyInformation', under)
  const wrapper = inner.required('UniqueIdentifier', 'text-string')
  const given = inner.optional('CryptographicParameters', 'structure')
  inner.end()
  const { mode } = readParameters(given ?? [])
  const padded = mode === modes.AES_KEY_WRAP_PADDING
  if (mode !== null && !padded && mode !== modes.NISTKeyWrap)
    return refuse('KMIP-FEATURE', `BlockCipherMode ${mode} is not served for wrapping`)
  const made = await asked.keys.exportWrapped(asked.call(), { id, under: wrapper, padded })
  if (!made.ok) return made
  const its = described(made.value.key)
  if (its === null) return noFormat(wanted ?? 0)
  const { type, algorithm, length } = its
  if (type === 'OpaqueObject') return refuse('KMIP-FEATURE', 'an opaque object is not wrapped')
  const format = { SymmetricKey: formats.Raw, PrivateKey: formats.PKCS_8, SecretData: formats.Opaque }[type]
  if (wanted !== null && wanted !== format) return noFormat(wanted)
  const block = writeKeyBlock({ format, material: made.value.wrapped, algorithm, length }, [
    enumeration('WrappingMethod', method),
    structure('EncryptionKeyInformation', under),
    encoding,
  ])
  return accept(objectOf(made.value.key, type, block))
}
