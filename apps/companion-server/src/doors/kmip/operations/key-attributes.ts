import type { KeyAlgorithm } from '../../../keys/algorithms.ts'
import type { StoredKey, StoredVersion } from '../../../keys/repository.ts'
import { enumerations, type NameOf, usageMasks } from '../codec/enumerations.ts'
import {
  boolean,
  byteString,
  dateTime,
  enumeration,
  given,
  integer,
  structure,
  textString,
} from '../codec/fields.ts'
import type { TagName } from '../codec/tags.ts'
import type { Item } from '../codec/ttlv.ts'
import { type Attribute, type StandardName, sameName } from '../message/attributes.ts'
import { kept, ownNumber } from './given-attributes.ts'
import { publicIdentifier } from './operation.ts'

type Kind = {
  readonly object: 'SymmetricKey' | 'PrivateKey' | 'SecretData' | 'OpaqueObject'
  /** Null where KMIP 2.1 has no name for it. */
  readonly algorithm: NameOf<'CryptographicAlgorithm'> | null
  readonly bits: number | null
  readonly mask: number
}

const { Encrypt, Decrypt, Sign, Verify, WrapKey, MACGenerate, MACVerify } = usageMasks
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
  SECRET_DATA: { object: 'SecretData', algorithm: null, bits: null, mask: 0 },
}

/** Null of a key that the server does not use. */
export function kindOf({ algorithm, attributes }: StoredKey): Kind | null {
  const kind = Object.hasOwn(kinds, algorithm) ? kinds[algorithm as KeyAlgorithm] : null
  return kind?.object === 'SecretData' && ownNumber(attributes, 'OpaqueDataType') !== null
    ? { ...kind, object: 'OpaqueObject' }
    : kind
}

/** Bits of a usage mask that are a private half's, and a public one's. */
const publicUses = Verify | Encrypt | WrapKey

/** What KMIP calls the state of a key: that of its current version, unless the key is switched off. */
export function stateOf(key: StoredKey, current: StoredVersion['state']): NameOf<'State'> {
  if (current === 'destroyed') return key.lifecycle.compromised ? 'DestroyedCompromised' : 'Destroyed'
  if (current === 'compromised') return 'Compromised'
  if (key.is_disabled) return 'Deactivated'
  if (current === 'pre-active') return 'PreActive'
  return current === 'enabled' ? 'Active' : 'Deactivated'
}

/** Attributes that take the state of the current version, which is a question of its own. */
export const ofVersion: readonly StandardName[] = ['State']

/**
 * What is known of a key, or of its public half, as KMIP's attributes. Without `current`, those of `ofVersion` are left out. A secret
 * has no Digest: a hash of what may be a password tells who guesses it that he is right.
 */
export function attributesOf(
  key: StoredKey,
  current: StoredVersion['state'] | null,
  half: 'whole' | 'public' = 'whole',
): readonly Attribute[] {
  const attribute = (name: StandardName, value: Item): Attribute => ({ name, index: null, value })
  const { ObjectType, CryptographicAlgorithm, State, NameType, KeyFormatType, HashingAlgorithm } =
    enumerations
  const kind = kindOf(key)
  const open = half === 'public'
  const object = kind && (open ? 'PublicKey' : kind.object)
  const format =
    object &&
    object !== 'OpaqueObject' &&
    ({ SymmetricKey: 'Raw', PrivateKey: 'PKCS_8', PublicKey: 'X_509', SecretData: 'Opaque' } as const)[object]
  const whole = key.usage_mask ?? kind?.mask ?? 0
  const own = object === 'PrivateKey' ? whole & ~publicUses : whole
  const mask = object === 'PublicKey' ? (key.usage_mask ?? Verify) & publicUses : own
  const { lifecycle } = key
  const digest = open ? lifecycle.publicDigest : lifecycle.digest
  // What the server made for use at once has no date of its own.
  const activated =
    lifecycle.activated ?? (key.usage_mask === null ? key.created_at.toISOString() : undefined)
  const date = (name: StandardName, time: string | undefined) =>
    time === undefined ? null : attribute(name, dateTime(name as TagName, new Date(time)))
  const { LinkType } = enumerations
  const link = (type: NameOf<'LinkType'>, to: string | undefined) =>
    to === undefined
      ? null
      : attribute(
          'Link',
          structure('Link', [
            enumeration('LinkType', LinkType[type]),
            textString('LinkedObjectIdentifier', to),
          ]),
        )
  const pair = kind?.object === 'PrivateKey'
  // It has neither use nor state.
  const opaque = object === 'OpaqueObject'
  const all: (Attribute | null | false)[] = [
    attribute('UniqueIdentifier', textString('UniqueIdentifier', open ? publicIdentifier(key.id) : key.id)),
    attribute(
      'Name',
      structure('Name', [
        textString('NameValue', key.label ?? key.name),
        enumeration('NameType', NameType.UninterpretedTextString),
      ]),
    ),
    object && attribute('ObjectType', enumeration('ObjectType', ObjectType[object])),
    kind?.algorithm
      ? attribute(
          'CryptographicAlgorithm',
          enumeration('CryptographicAlgorithm', CryptographicAlgorithm[kind.algorithm]),
        )
      : null,
    kind?.bits ? attribute('CryptographicLength', integer('CryptographicLength', kind.bits)) : null,
    kind && !opaque && attribute('CryptographicUsageMask', integer('CryptographicUsageMask', mask)),
    current && !opaque && attribute('State', enumeration('State', State[stateOf(key, current)])),
    attribute('InitialDate', dateTime('InitialDate', key.created_at)),
    date('ActivationDate', activated),
    date('DeactivationDate', lifecycle.deactivated),
    date('DestroyDate', lifecycle.destroyed),
    date('CompromiseOccurrenceDate', lifecycle.compromiseOccurred),
    date('CompromiseDate', lifecycle.compromised),
    lifecycle.reason === undefined
      ? null
      : attribute(
          'RevocationReason',
          structure('RevocationReason', [
            enumeration('RevocationReasonCode', lifecycle.reason),
            given(lifecycle.message ?? null, textString, 'RevocationMessage'),
          ]),
        ),
    pair ? link(open ? 'PrivateKeyLink' : 'PublicKeyLink', open ? key.id : publicIdentifier(key.id)) : null,
    link('ReplacementObjectLink', lifecycle.replacedBy),
    link('ReplacedObjectLink', lifecycle.replaces),
    attribute('LastChangeDate', dateTime('LastChangeDate', key.updated_at)),
    attribute('OriginalCreationDate', dateTime('OriginalCreationDate', key.created_at)),
    key.description === null ? null : attribute('Description', textString('Description', key.description)),
    open ? null : attribute('Sensitive', boolean('Sensitive', key.is_sensitive)),
    // Neither ever changes.
    open ? null : attribute('AlwaysSensitive', boolean('AlwaysSensitive', key.is_sensitive)),
    open ? null : attribute('NeverExtractable', boolean('NeverExtractable', !key.is_exportable)),
    open ? null : attribute('Extractable', boolean('Extractable', key.is_exportable)),
    format && digest !== undefined
      ? attribute(
          'Digest',
          structure('Digest', [
            enumeration('HashingAlgorithm', HashingAlgorithm.SHA_256),
            byteString('DigestValue', Buffer.from(digest, 'hex')),
            enumeration('KeyFormatType', KeyFormatType[format]),
          ]),
        )
      : null,
    format
      ? attribute(
          'KeyFormatType',
          enumeration(
            'KeyFormatType',
            (open ? null : ownNumber(key.attributes, 'KeyFormatType')) ?? KeyFormatType[format],
          ),
        )
      : null,
    ...kept(key.attributes),
  ]
  return numbered(all.filter((one) => one !== null && one !== false))
}

/** 1.x numbers the instances of one name; the first needs no number. */
function numbered(all: readonly Attribute[]): readonly Attribute[] {
  return all.map((one, at) => {
    const before = all.slice(0, at).filter(({ name }) => sameName(name, one.name)).length
    return before === 0 ? one : { ...one, index: before }
  })
}
