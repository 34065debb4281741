import { enumeration, integer, misfit, openFields, structure, textString } from '../codec/fields.ts'
import { type TagName, tagName, tags } from '../codec/tags.ts'
import type { Item, ItemType } from '../codec/ttlv.ts'
import type { Version } from './versions.ts'

type Known = {
  /** Its name in 1.x. */
  readonly text: string
  readonly type: ItemType
  readonly since: Version
  /** The last version that has it. */
  readonly until?: Version
}

const known = (text: string, type: ItemType, since: Version = '1.0', until?: Version): Known => ({
  text,
  type,
  since,
  ...(until === undefined ? {} : { until }),
})

/** Every attribute of an object, by its tag: in 1.x it is named in words, since 2.0 by the tag itself. */
export const attributes = {
  UniqueIdentifier: known('Unique Identifier', 'text-string'),
  Name: known('Name', 'structure'),
  ObjectType: known('Object Type', 'enumeration'),
  CryptographicAlgorithm: known('Cryptographic Algorithm', 'enumeration'),
  CryptographicLength: known('Cryptographic Length', 'integer'),
  CryptographicParameters: known('Cryptographic Parameters', 'structure'),
  CryptographicDomainParameters: known('Cryptographic Domain Parameters', 'structure'),
  CertificateType: known('Certificate Type', 'enumeration'),
  CertificateLength: known('Certificate Length', 'integer', '1.1'),
  X_509CertificateIdentifier: known('X.509 Certificate Identifier', 'structure', '1.1', '1.4'),
  X_509CertificateSubject: known('X.509 Certificate Subject', 'structure', '1.1', '1.4'),
  X_509CertificateIssuer: known('X.509 Certificate Issuer', 'structure', '1.1', '1.4'),
  CertificateIdentifier: known('Certificate Identifier', 'structure', '1.0', '1.4'),
  CertificateSubject: known('Certificate Subject', 'structure', '1.0', '1.4'),
  CertificateIssuer: known('Certificate Issuer', 'structure', '1.0', '1.4'),
  DigitalSignatureAlgorithm: known('Digital Signature Algorithm', 'enumeration', '1.1'),
  Digest: known('Digest', 'structure'),
  OperationPolicyName: known('Operation Policy Name', 'text-string', '1.0', '1.4'),
  CryptographicUsageMask: known('Cryptographic Usage Mask', 'integer'),
  LeaseTime: known('Lease Time', 'interval'),
  UsageLimits: known('Usage Limits', 'structure'),
  State: known('State', 'enumeration'),
  InitialDate: known('Initial Date', 'date-time'),
  ActivationDate: known('Activation Date', 'date-time'),
  ProcessStartDate: known('Process Start Date', 'date-time'),
  ProtectStopDate: known('Protect Stop Date', 'date-time'),
  DeactivationDate: known('Deactivation Date', 'date-time'),
  DestroyDate: known('Destroy Date', 'date-time'),
  CompromiseOccurrenceDate: known('Compromise Occurrence Date', 'date-time'),
  CompromiseDate: known('Compromise Date', 'date-time'),
  RevocationReason: known('Revocation Reason', 'structure'),
  ArchiveDate: known('Archive Date', 'date-time'),
  ObjectGroup: known('Object Group', 'text-string'),
  Fresh: known('Fresh', 'boolean', '1.1'),
  Link: known('Link', 'structure'),
  ApplicationSpecificInformation: known('Application Specific Information', 'structure'),
  ContactInformation: known('Contact Information', 'text-string'),
  LastChangeDate: known('Last Change Date', 'date-time'),
  AlternativeName: known('Alternative Name', 'structure', '1.2'),
  KeyValuePresent: known('Key Value Present', 'boolean', '1.2'),
  KeyValueLocation: known('Key Value Location', 'structure', '1.2'),
  OriginalCreationDate: known('Original Creation Date', 'date-time', '1.2'),
  RandomNumberGenerator: known('Random Number Generator', 'structure', '1.3'),
  PKCS_12FriendlyName: known('PKCS#12 Friendly Name', 'text-string', '1.4'),
  Description: known('Description', 'text-string', '1.4'),
  Comment: known('Comment', 'text-string', '1.4'),
  Sensitive: known('Sensitive', 'boolean', '1.4'),
  AlwaysSensitive: known('Always Sensitive', 'boolean', '1.4'),
  Extractable: known('Extractable', 'boolean', '1.4'),
  NeverExtractable: known('Never Extractable', 'boolean', '1.4'),
  KeyFormatType: known('Key Format Type', 'enumeration', '2.0'),
  NISTKeyType: known('NIST Key Type', 'enumeration', '2.0'),
  OpaqueDataType: known('Opaque Data Type', 'enumeration', '2.0'),
  ProtectionLevel: known('Protection Level', 'enumeration', '2.0'),
  ProtectionPeriod: known('Protection Period', 'interval', '2.0'),
  ProtectionStorageMask: known('Protection Storage Mask', 'integer', '2.0'),
  QuantumSafe: known('Quantum Safe', 'boolean', '2.0'),
  ShortUniqueIdentifier: known('Short Unique Identifier', 'byte-string', '2.0'),
  CertificateSubjectCN: known('Certificate Subject CN', 'text-string', '2.0'),
  CertificateSubjectO: known('Certificate Subject O', 'text-string', '2.0'),
  CertificateSubjectOU: known('Certificate Subject OU', 'text-string', '2.0'),
  CertificateSubjectEmail: known('Certificate Subject Email', 'text-string', '2.0'),
  CertificateSubjectC: known('Certificate Subject C', 'text-string', '2.0'),
  CertificateSubjectST: known('Certificate Subject ST', 'text-string', '2.0'),
  CertificateSubjectL: known('Certificate Subject L', 'text-string', '2.0'),
  CertificateSubjectUID: known('Certificate Subject UID', 'text-string', '2.0'),
  CertificateSubjectSerialNumber: known('Certificate Subject Serial Number', 'text-string', '2.0'),
  CertificateSubjectTitle: known('Certificate Subject Title', 'text-string', '2.0'),
  CertificateSubjectDC: known('Certificate Subject DC', 'text-string', '2.0'),
  CertificateSubjectDNQualifier: known('Certificate Subject DN Qualifier', 'text-string', '2.0'),
  CertificateIssuerCN: known('Certificate Issuer CN', 'text-string', '2.0'),
  CertificateIssuerO: known('Certificate Issuer O', 'text-string', '2.0'),
  CertificateIssuerOU: known('Certificate Issuer OU', 'text-string', '2.0'),
  CertificateIssuerEmail: known('Certificate Issuer Email', 'text-string', '2.0'),
  CertificateIssuerC: known('Certificate Issuer C', 'text-string', '2.0'),
  CertificateIssuerST: known('Certificate Issuer ST', 'text-string', '2.0'),
  CertificateIssuerL: known('Certificate Issuer L', 'text-string', '2.0'),
  CertificateIssuerUID: known('Certificate Issuer UID', 'text-string', '2.0'),
  CertificateIssuerSerialNumber: known('Certificate Issuer Serial Number', 'text-string', '2.0'),
  CertificateIssuerTitle: known('Certificate Issuer Title', 'text-string', '2.0'),
  CertificateIssuerDC: known('Certificate Issuer DC', 'text-string', '2.0'),
  CertificateIssuerDNQualifier: known('Certificate Issuer DN Qualifier', 'text-string', '2.0'),
  RotateInterval: known('Rotate Interval', 'interval', '2.1'),
  RotateAutomatic: known('Rotate Automatic', 'boolean', '2.1'),
  RotateOffset: known('Rotate Offset', 'interval', '2.1'),
  RotateDate: known('Rotate Date', 'date-time', '2.1'),
  RotateGeneration: known('Rotate Generation', 'integer', '2.1'),
  RotateLatest: known('Rotate Latest', 'boolean', '2.1'),
} as const satisfies { readonly [Name in TagName]?: Known }

export type StandardName = keyof typeof attributes
/** `x` are a client's own, `y` a server's; in 1.x these letters begin the name: `x-purpose`. */
export type VendorName = { readonly vendor: string; readonly name: string }
export type AttributeName = StandardName | VendorName

/** `value` bears the tag of the attribute, that of a vendor's AttributeValue. 1.x counts instances, 2.x does not. */
export type Attribute = {
  readonly name: AttributeName
  readonly index: number | null
  readonly value: Item
}

// Object.keys gives what the table has.
const standardNames = Object.keys(attributes) as readonly StandardName[]
const byText = new Map(standardNames.map((name) => [attributes[name].text, name]))

/** Whether a version has an attribute. */
export function hasAttribute(version: Version, name: AttributeName): boolean {
  if (typeof name !== 'string') return true
  const { since, until }: Known = attributes[name]
  return since <= version && (until === undefined || version <= until)
}

/** Of words of 1.x. A name that the version does not know is a vendor's, of none. */
export function nameFromText(version: Version, text: string): AttributeName {
  const standard = byText.get(text)
  if (standard !== undefined && hasAttribute(version, standard)) return standard
  const [, vendor, name] = /^([xy])-(.*)$/s.exec(text) ?? []
  return vendor === undefined || name === undefined ? { vendor: '', name: text } : { vendor, name }
}

export function textOfName(name: AttributeName): string {
  if (typeof name === 'string') return attributes[name].text
  return name.vendor === '' ? name.name : `${name.vendor}-${name.name}`
}

/** An attribute in the style of the version: 1.x an Attribute structure, 2.x an item of Attributes. Throws FormatError. */
export function readAttribute(version: Version, item: Item): Attribute {
  return version < '2.0' ? readNamed(version, item) : readTagged(version, item)
}

function readNamed(version: Version, item: Item): Attribute {
  if (item.tag !== tags.Attribute || item.type !== 'structure')
    throw misfit('Attribute', 'it is no structure')
  const fields = openFields('Attribute', item.value)
  const name = nameFromText(version, fields.required('AttributeName', 'text-string'))
  const index = fields.optional('AttributeIndex', 'integer')
  const value = fields.optionalItem('AttributeValue')
  if (value === null) throw misfit('Attribute', 'AttributeValue is missing')
  fields.end()
  const tag = typeof name === 'string' ? tags[name] : tags.AttributeValue
  return typed({ name, index, value: { ...value, tag } })
}

function readTagged(version: Version, item: Item): Attribute {
  if (item.tag === tags.Attribute && item.type === 'structure') {
    const fields = openFields('Attribute', item.value)
    const name = readVendorName(fields)
    const value = fields.optionalItem('AttributeValue')
    if (value === null) throw misfit('Attribute', 'AttributeValue is missing')
    fields.end()
    return { name, index: null, value }
  }
  return typed({ name: standardOf(version, item.tag), index: null, value: item })
}

function readVendorName(fields: ReturnType<typeof openFields>): VendorName {
  return {
    vendor: fields.required('VendorIdentification', 'text-string'),
    name: fields.required('AttributeName', 'text-string'),
  }
}

function standardOf(version: Version, tag: number): StandardName {
  const name = standardNames.find((one) => tags[one] === tag)
  if (name === undefined || !hasAttribute(version, name))
    throw misfit('Attributes', `${tagName(tag) ?? 'an unknown field'} is no attribute of ${version}`)
  return name
}

function typed(attribute: Attribute): Attribute {
  const { name, value } = attribute
  if (typeof name === 'string' && attributes[name].type !== value.type)
    throw misfit('Attribute', `${name} is of type ${value.type}, expected ${attributes[name].type}`)
  return attribute
}

/** As `readAttribute` reads it, or null where the version has none such. */
export function writeAttribute(version: Version, { name, index, value }: Attribute): Item | null {
  if (!hasAttribute(version, name)) return null
  if (version < '2.0')
    return structure('Attribute', [
      textString('AttributeName', textOfName(name)),
      index === null ? null : integer('AttributeIndex', index),
      { ...(name === 'Digest' && version < '1.1' ? firstDigest(value) : value), tag: tags.AttributeValue },
    ])
  return typeof name === 'string'
    ? value
    : structure('Attribute', [
        textString('VendorIdentification', name.vendor),
        textString('AttributeName', name.name),
        value,
      ])
}

/** KMIP 1.0 does not say of which format of the key a digest is. */
const firstDigest = (value: Item): Item =>
  value.type === 'structure'
    ? { ...value, value: value.value.filter(({ tag }) => tag !== tags.KeyFormatType) }
    : value

/** The attributes of a payload: in 1.x one after another, since 2.0 within Attributes. */
export function writeAttributes(version: Version, all: readonly Attribute[]): readonly Item[] {
  const written = all.flatMap((attribute) => writeAttribute(version, attribute) ?? [])
  return version < '2.0' ? written : [structure('Attributes', written)]
}

/** The names that a request asks for: AttributeName in 1.x, AttributeReference since 2.0. Throws FormatError. */
export function readName(version: Version, item: Item): AttributeName {
  if (version < '2.0') {
    if (item.tag !== tags.AttributeName || item.type !== 'text-string')
      throw misfit('RequestPayload', 'a name of an attribute is expected')
    return nameFromText(version, item.value)
  }
  if (item.tag !== tags.AttributeReference)
    throw misfit('RequestPayload', 'an AttributeReference is expected')
  if (item.type === 'enumeration') return standardOf(version, item.value)
  if (item.type !== 'structure') throw misfit('AttributeReference', `it is of type ${item.type}`)
  const fields = openFields('AttributeReference', item.value)
  const name = readVendorName(fields)
  fields.end()
  return name
}

export function writeName(version: Version, name: AttributeName): Item {
  if (version < '2.0') return textString('AttributeName', textOfName(name))
  return typeof name === 'string'
    ? enumeration('AttributeReference', tags[name])
    : structure('AttributeReference', [
        textString('VendorIdentification', name.vendor),
        textString('AttributeName', name.name),
      ])
}

export const sameName = (a: AttributeName, b: AttributeName): boolean =>
  typeof a === 'string' || typeof b === 'string' ? a === b : a.vendor === b.vendor && a.name === b.name
