import type { KeyAlgorithm } from '../../keys/algorithms.ts'
import type { StoredKey, StoredVersion } from '../../keys/repository.ts'
import { enumerations, type NameOf, usageMasks } from '../codec/enumerations.ts'
import { boolean, dateTime, enumeration, integer, structure, textString } from '../codec/fields.ts'
import type { Item } from '../codec/ttlv.ts'
import type { Attribute, StandardName } from '../message/attributes.ts'

type Kind = {
  readonly object: 'SymmetricKey' | 'PrivateKey'
  /** Null where KMIP 2.1 has no name for it. */
  readonly algorithm: NameOf<'CryptographicAlgorithm'> | null
  readonly bits: number | null
  readonly mask: number
}

const { Encrypt, Decrypt, Sign, MACGenerate, MACVerify } = usageMasks
const aes = (bits: number): Kind => ({
  object: 'SymmetricKey',
  algorithm: 'AES',
  bits,
  mask: Encrypt | Decrypt,
})
const hmac = (algorithm: NameOf<'CryptographicAlgorithm'>, bits: number): Kind => ({
  object: 'SymmetricKey',
  algorithm,
  bits,
  mask: MACGenerate | MACVerify,
})
const pair = (algorithm: NameOf<'CryptographicAlgorithm'> | null, bits: number | null): Kind => ({
  object: 'PrivateKey',
  algorithm,
  bits,
  mask: Sign,
})

const kinds: Readonly<Record<KeyAlgorithm, Kind>> = {
  'aes-256-gcm': aes(256),
  'aes-128-gcm': aes(128),
  RSA_2048: pair('RSA', 2048),
  RSA_4096: pair('RSA', 4096),
  ECC_NIST_P256: pair('ECDSA', 256),
  ECC_NIST_P384: pair('ECDSA', 384),
  HMAC_256: hmac('HMAC_SHA256', 256),
  HMAC_384: hmac('HMAC_SHA384', 384),
  HMAC_512: hmac('HMAC_SHA512', 512),
  ML_DSA_44: pair(null, null),
  ML_DSA_65: pair(null, null),
  ML_DSA_87: pair(null, null),
}

/** What KMIP calls the state of a key: that of its current version, unless the key is switched off. */
export function stateOf(key: StoredKey, current: StoredVersion['state']): NameOf<'State'> {
  if (current === 'destroyed') return 'Destroyed'
  if (current === 'compromised') return 'Compromised'
  if (current === 'pre-active' && !key.is_disabled) return 'PreActive'
  return key.is_disabled || current !== 'enabled' ? 'Deactivated' : 'Active'
}

/** Attributes that take the state of the current version, which is a question of its own. */
export const ofVersion: readonly StandardName[] = ['State']

/**
 * What is known of a key, as KMIP's attributes. Without `current`, those of `ofVersion` are left out. There is no Digest: a hash of
 * key bytes tells who guesses them that he is right.
 */
export function attributesOf(key: StoredKey, current: StoredVersion['state'] | null): readonly Attribute[] {
  const attribute = (name: StandardName, value: Item): Attribute => ({ name, index: null, value })
  const { ObjectType, CryptographicAlgorithm, State, NameType, KeyFormatType } = enumerations
  const kind = Object.hasOwn(kinds, key.algorithm) ? kinds[key.algorithm as KeyAlgorithm] : null
  const all: (Attribute | null)[] = [
    attribute('UniqueIdentifier', textString('UniqueIdentifier', key.id)),
    attribute(
      'Name',
      structure('Name', [
        textString('NameValue', key.name),
        enumeration('NameType', NameType.UninterpretedTextString),
      ]),
    ),
    kind && attribute('ObjectType', enumeration('ObjectType', ObjectType[kind.object])),
    kind?.algorithm
      ? attribute(
          'CryptographicAlgorithm',
          enumeration('CryptographicAlgorithm', CryptographicAlgorithm[kind.algorithm]),
        )
      : null,
    kind?.bits ? attribute('CryptographicLength', integer('CryptographicLength', kind.bits)) : null,
    kind && attribute('CryptographicUsageMask', integer('CryptographicUsageMask', kind.mask)),
    current && attribute('State', enumeration('State', State[stateOf(key, current)])),
    attribute('InitialDate', dateTime('InitialDate', key.created_at)),
    attribute('ActivationDate', dateTime('ActivationDate', key.created_at)),
    attribute('LastChangeDate', dateTime('LastChangeDate', key.updated_at)),
    attribute('OriginalCreationDate', dateTime('OriginalCreationDate', key.created_at)),
    key.description === null ? null : attribute('Description', textString('Description', key.description)),
    attribute('Sensitive', boolean('Sensitive', true)),
    attribute('Extractable', boolean('Extractable', false)),
    kind &&
      attribute(
        'KeyFormatType',
        enumeration('KeyFormatType', KeyFormatType[kind.object === 'PrivateKey' ? 'PKCS_8' : 'Raw']),
      ),
  ]
  return all.filter((one) => one !== null)
}
