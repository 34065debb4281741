import { accept, type Outcome, refuse, toHex } from '@lux/crypto'
import type { KeyAlgorithm } from '../../../keys/algorithms.ts'
import type { KeptAttribute } from '../../../platform/database/tables.ts'
import { enumerations } from '../codec/enumerations.ts'
import { type Fields, openFields } from '../codec/fields.ts'
import type { TagName } from '../codec/tags.ts'
import { decodeItem, encodeItem, type Item } from '../codec/ttlv.ts'
import {
  type Attribute,
  type AttributeName,
  attributes,
  readAttribute,
  type StandardName,
  textOfName,
} from '../message/attributes.ts'
import type { Version } from '../message/versions.ts'

/** What a client gives as it likes, and the server keeps; those of the second list once alone. */
const severalKept: readonly StandardName[] = [
  'ApplicationSpecificInformation',
  'AlternativeName',
  'CryptographicParameters',
  'ObjectGroup',
]
const onceKept: readonly StandardName[] = [
  'ContactInformation',
  'Description',
  'Comment',
  'PKCS_12FriendlyName',
]

/** How the server names one that it keeps. */
export const keptName = (name: AttributeName): string =>
  typeof name === 'string' ? name : JSON.stringify([name.vendor, name.name])

function nameOfKept(text: string): AttributeName {
  // The line itself has compared it with the names of the table.
  if (Object.hasOwn(attributes, text)) return text as StandardName
  // `keptName` wrote it.
  const [vendor = '', name = ''] = JSON.parse(text) as string[]
  return { vendor, name }
}

export const isSeveral = (name: AttributeName): boolean =>
  typeof name !== 'string' || severalKept.includes(name)

/** Vendors' own names are the client's too, but for those that begin with y, which are the server's. */
export const isKept = (name: AttributeName): boolean =>
  typeof name === 'string' ? isSeveral(name) || onceKept.includes(name) : name.vendor !== 'y'

export const keep = ({ name, value }: Attribute): KeptAttribute => ({
  name: keptName(name),
  value: toHex(encodeItem(value)),
})

/** Of what `keep` made. */
export function kept(all: readonly KeptAttribute[]): readonly Attribute[] {
  return all.flatMap(({ name, value }) => {
    const item = decodeItem(new Uint8Array(Buffer.from(value, 'hex')))
    return item.ok ? [{ name: nameOfKept(name), index: null, value: item.value }] : []
  })
}

/** A number that the server keeps of an object under a name of its own. */
export function ownNumber(all: readonly KeptAttribute[], name: string): number | null {
  const found = kept(all).find(
    ({ name: one }) => typeof one !== 'string' && one.vendor === 'y' && one.name === name,
  )
  return found?.value.type === 'enumeration' ? found.value.value : null
}

/** What a new object is to be. */
export type Given = {
  readonly label: string | null
  readonly algorithm: number | null
  readonly length: number | null
  readonly curve: number | null
  readonly mask: number | null
  readonly activation: bigint | null
  readonly sensitive: boolean | null
  readonly extractable: boolean | null
  readonly kept: readonly KeptAttribute[]
}

/** The attributes of a payload: a template in 1.x, which may name them in several structures, and a structure since 2.0. */
export function readTemplate(version: Version, fields: Fields, old: TagName, since2: TagName): Attribute[] {
  const items = fields.optional(version < '2.0' ? old : since2, 'structure') ?? []
  const template = openFields(version < '2.0' ? old : since2, items)
  const names = version < '2.0' ? template.many('Name', 'structure') : []
  if (names.length > 0) return [templateName]
  return template.rest().map((item) => readAttribute(version, item))
}

const templateName: Attribute = {
  name: { vendor: 'y', name: 'Template' },
  index: null,
  value: { tag: 0x42000a, type: 'text-string', value: '' },
}

/** The last of each counts. Refuses what the server does not keep or do: nothing that was given is passed over. */
export function readGiven(all: readonly Attribute[]): Outcome<Given> {
  const found: { -readonly [Name in keyof Given]: Given[Name] } = {
    ...{ label: null, algorithm: null, length: null, curve: null, mask: null },
    ...{ activation: null, sensitive: null, extractable: null, kept: [] },
  }
  for (const one of all) {
    const { name, value } = one
    const label = name === 'Name' ? nameText(value) : null
    if (label !== null && found.label !== null && found.label !== label)
      return refuse('KMIP-FEATURE', 'an object has one Name')
    if (label !== null) found.label = label
    else if (name === 'CryptographicAlgorithm' && value.type === 'enumeration') found.algorithm = value.value
    else if (name === 'CryptographicLength' && value.type === 'integer') found.length = value.value
    else if (name === 'CryptographicUsageMask' && value.type === 'integer') found.mask = value.value
    else if (name === 'ActivationDate' && value.type === 'date-time') found.activation = value.value
    else if (name === 'Sensitive' && value.type === 'boolean') found.sensitive = value.value
    else if (name === 'Extractable' && value.type === 'boolean') found.extractable = value.value
    else if (name === 'CryptographicDomainParameters' && value.type === 'structure')
      found.curve = curveOf(value.value)
    else if (isKept(name)) {
      if (!isSeveral(name) && found.kept.some((other) => other.name === keptName(name)))
        return refuse('KMIP-ATTRIBUTE', `${textOfName(name)} is given twice`)
      found.kept = [...found.kept, keep(one)]
    } else if (!isPassedOver(one))
      return refuse('KMIP-FEATURE', `the attribute ${textOfName(name)} is not served`)
  }
  return accept(found)
}

/** What says what is so anyway: the default policy of operations, and a key's own type. */
const isPassedOver = ({ name, value }: Attribute): boolean =>
  (name === 'OperationPolicyName' && value.type === 'text-string' && value.value === 'default') ||
  name === 'ObjectType'

/** The text of a Name of either type. */
export function nameText(value: Item): string | null {
  if (value.type !== 'structure') return null
  const fields = openFields('Name', value.value)
  const text = fields.required('NameValue', 'text-string')
  fields.required('NameType', 'enumeration')
  fields.end()
  return text
}

function curveOf(items: readonly Item[]): number | null {
  const fields = openFields('CryptographicDomainParameters', items)
  fields.optional('Qlength', 'integer')
  const curve = fields.optional('RecommendedCurve', 'enumeration')
  fields.end()
  return curve
}

const { CryptographicAlgorithm: named } = enumerations
/** RecommendedCurve: P-256 and P-384. */
const curves: Readonly<Record<number, number>> = { 7: 256, 10: 384 }

const known: readonly (readonly [number, number, KeyAlgorithm])[] = [
  [named.AES, 256, 'aes-256-gcm'],
  [named.AES, 128, 'aes-128-gcm'],
  [named.HMAC_SHA256, 256, 'HMAC_256'],
  [named.HMAC_SHA384, 384, 'HMAC_384'],
  [named.HMAC_SHA512, 512, 'HMAC_512'],
  [named.RSA, 2048, 'RSA_2048'],
  [named.RSA, 4096, 'RSA_4096'],
  [named.ECDSA, 256, 'ECC_NIST_P256'],
  [named.ECDSA, 384, 'ECC_NIST_P384'],
  [named.EC, 256, 'ECC_NIST_P256'],
  [named.EC, 384, 'ECC_NIST_P384'],
]

/** Without a length, the first of its name. */
export function algorithmFor(
  algorithm: number | null,
  length: number | null,
  curve: number | null,
): Outcome<KeyAlgorithm> {
  if (algorithm === null) return refuse('KMIP-ATTRIBUTE', 'Cryptographic Algorithm is missing')
  const bits = curve === null ? length : curves[curve]
  const found = known.find(([name, size]) => name === algorithm && (bits === null || size === bits))
  return found === undefined
    ? refuse('KMIP-ALGORITHM', `algorithm ${algorithm} of ${bits ?? 'no known'} bits is not served`)
    : accept(found[2])
}
