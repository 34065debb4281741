import { accept, type Outcome, refuse, toHex } from '@lux/crypto'
import { algorithms, type KeyAlgorithm } from '../../../keys/algorithms.ts'
import type { NewObject } from '../../../keys/operations/objects.ts'
import type { KeptAttribute } from '../../../platform/database/tables.ts'
import { enumerations, usageMasks } from '../codec/enumerations.ts'
import { enumeration, type Fields, misfit, openFields, textString } from '../codec/fields.ts'
import { tags } from '../codec/tags.ts'
import { encodeItem } from '../codec/ttlv.ts'
import type { Attribute } from '../message/attributes.ts'
import { algorithmFor, type Given, keptName, readGiven, readTemplate } from './given-attributes.ts'
import { bitsOf, readKeyBlock } from './key-block.ts'
import { type Asked, type Operation, publicIdentifier } from './operation.ts'

const { ObjectType } = enumerations

/** What is given of a new object, in the words of the operations on keys. */
function objectFrom(
  { project, now }: Asked,
  algorithm: KeyAlgorithm,
  given: Given,
  more: readonly KeptAttribute[] = [],
): Outcome<NewObject> {
  const seconds = BigInt(Math.floor(now().getTime() / 1000))
  if (given.activation !== null && given.activation > seconds)
    return refuse('KMIP-FEATURE', 'an ActivationDate to come is not served: use Activate then')
  return accept({
    project,
    algorithm,
    preActive: given.activation === null,
    isExportable: given.extractable ?? !isWrapping(given.mask),
    attributes: [...given.kept, ...more],
    ...(given.sensitive === null ? {} : { isSensitive: given.sensitive }),
    ...(given.label === null ? {} : { label: given.label }),
    ...(given.mask === null ? {} : { mask: given.mask }),
  })
}

/** What wraps other keys stays here, unless the client says otherwise: wrapped under a key that left, they would have left too. */
const isWrapping = (mask: number | null): boolean => ((mask ?? 0) & usageMasks.WrapKey) !== 0

export const create: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const type = fields.required('ObjectType', 'enumeration')
    const all = readTemplate(asked.version, fields, 'TemplateAttribute', 'Attributes')
    const storage = asked.version >= '2.0' ? fields.optional('ProtectionStorageMasks', 'structure') : null
    fields.end()
    if (storage !== null) return refuse('KMIP-FEATURE', 'ProtectionStorageMasks is not served')
    if (type !== ObjectType.SymmetricKey)
      return refuse('KMIP-OBJECT-TYPE', `an object of type ${type} is not created`)
    const given = readGiven(all)
    if (!given.ok) return given
    const algorithm = algorithmFor(given.value.algorithm, given.value.length, null)
    if (!algorithm.ok) return algorithm
    if (algorithms[algorithm.value].usage === 'sign-verify')
      return refuse('KMIP-ALGORITHM', 'a pair is made by CreateKeyPair')
    const wanted = objectFrom(asked, algorithm.value, given.value)
    if (!wanted.ok) return wanted
    const made = await asked.keys.createObject(asked.call(), wanted.value)
    if (!made.ok) return made
    const { id } = made.value
    return accept({
      payload: [enumeration('ObjectType', type), textString('UniqueIdentifier', id)],
      placeholder: id,
    })
  },
}

export const createKeyPair: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const { version } = asked
    const fields = openFields('RequestPayload', payload)
    const common = readTemplate(version, fields, 'CommonTemplateAttribute', 'CommonAttributes')
    const own = readTemplate(version, fields, 'PrivateKeyTemplateAttribute', 'PrivateKeyAttributes')
    const others = readTemplate(version, fields, 'PublicKeyTemplateAttribute', 'PublicKeyAttributes')
    fields.end()
    const given = readGiven([...common, ...own])
    if (!given.ok) return given
    const open = readGiven([...common, ...others])
    if (!open.ok) return open
    const { algorithm: name, length, curve } = given.value
    const algorithm = algorithmFor(name, length, curve)
    if (!algorithm.ok) return algorithm
    if (algorithms[algorithm.value].usage !== 'sign-verify')
      return refuse('KMIP-ALGORITHM', 'what is no pair is made by Create')
    // One key here: both halves' masks are its mask, and the private half's name its name.
    const masks = [given.value.mask, open.value.mask].filter((one) => one !== null)
    const mask = masks.length === 0 ? null : masks.reduce((all, one) => all | one)
    const wanted = objectFrom(asked, algorithm.value, { ...given.value, mask })
    if (!wanted.ok) return wanted
    const made = await asked.keys.createObject(asked.call(), wanted.value)
    if (!made.ok) return made
    const { id } = made.value
    return accept({
      payload: [
        textString('PrivateKeyUniqueIdentifier', id),
        textString('PublicKeyUniqueIdentifier', publicIdentifier(id)),
      ],
      placeholder: id,
    })
  },
}

/** Symmetric keys, private keys, secrets and opaque objects: what the client brings is its own, and stays as it is. */
export const register: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const type = fields.required('ObjectType', 'enumeration')
    const all = readTemplate(asked.version, fields, 'TemplateAttribute', 'Attributes')
    if (type === ObjectType.OpaqueObject) return registerOpaque(asked, fields, all)
    const name = (['SymmetricKey', 'PrivateKey', 'SecretData'] as const).find(
      (one) => ObjectType[one] === type,
    )
    if (name === undefined) return refuse('KMIP-OBJECT-TYPE', `an object of type ${type} is not registered`)
    const object = openFields(name, fields.required(name, 'structure'))
    const storage = asked.version >= '2.0' ? fields.optional('ProtectionStorageMasks', 'structure') : null
    fields.end()
    if (storage !== null) return refuse('KMIP-FEATURE', 'ProtectionStorageMasks is not served')
    const kind = name === 'SecretData' ? object.required('SecretDataType', 'enumeration') : null
    const block = readKeyBlock(object.required('KeyBlock', 'structure'))
    object.end()
    if (!block.ok) return block
    const given = readGiven(all)
    if (!given.ok) return given
    const { format, material, algorithm: ofBlock, length } = block.value
    const algorithm: Outcome<KeyAlgorithm> =
      name === 'SecretData'
        ? accept('SECRET_DATA')
        : algorithmFor(
            ofBlock ?? given.value.algorithm,
            length ??
              given.value.length ??
              (name === 'SymmetricKey' ? 8 * material.length : (bitsOf(material) ?? 0)),
            given.value.curve,
          )
    if (!algorithm.ok) return algorithm
    if (
      name !== 'SecretData' &&
      (algorithms[algorithm.value].usage === 'sign-verify') !== (name === 'PrivateKey')
    )
      throw misfit('RequestPayload', 'the algorithm is none of this type of object')
    const wanted = objectFrom(asked, algorithm.value, given.value, [
      ...(kind === null ? [] : [ownType('SecretDataType', kind)]),
      ...(format === usualFormat[name] || kind !== null ? [] : [ownType('KeyFormatType', format)]),
    ])
    if (!wanted.ok) return wanted
    const made = await asked.keys.register(asked.call(), { ...wanted.value, material })
    if (!made.ok) return made
    const { id } = made.value
    return accept({ payload: [textString('UniqueIdentifier', id)], placeholder: id })
  },
}

const { KeyFormatType: formats } = enumerations
const usualFormat = { SymmetricKey: formats.Raw, PrivateKey: formats.PKCS_8, SecretData: formats.Opaque }

/** Bytes that mean nothing here: kept as a secret is, and given back as they came. */
async function registerOpaque(asked: Asked, fields: Fields, all: readonly Attribute[]) {
  const object = openFields('OpaqueObject', fields.required('OpaqueObject', 'structure'))
  const storage = asked.version >= '2.0' ? fields.optional('ProtectionStorageMasks', 'structure') : null
  fields.end()
  if (storage !== null) return refuse('KMIP-FEATURE', 'ProtectionStorageMasks is not served')
  const kind = object.required('OpaqueDataType', 'enumeration')
  const material = object.required('OpaqueDataValue', 'byte-string')
  object.end()
  const given = readGiven(all)
  if (!given.ok) return given
  const wanted = objectFrom(asked, 'SECRET_DATA', given.value, [ownType('OpaqueDataType', kind)])
  if (!wanted.ok) return wanted
  // It has no state in KMIP: it is never used, and so never in use.
  const made = await asked.keys.register(asked.call(), { ...wanted.value, preActive: true, material })
  if (!made.ok) return made
  const { id } = made.value
  return accept({ payload: [textString('UniqueIdentifier', id)], placeholder: id })
}

/**
 * Whether a secret is a password or a seed, of which type an opaque object is, and in which format a key came: the server's own
 * attributes `y-…`.
 */
const ownType = (
  name: 'SecretDataType' | 'OpaqueDataType' | 'KeyFormatType',
  value: number,
): KeptAttribute => ({
  name: keptName({ vendor: 'y', name }),
  value: toHex(encodeItem({ tag: tags.AttributeValue, type: 'enumeration', value })),
})
