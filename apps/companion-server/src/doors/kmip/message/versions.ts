import { FormatError } from '@lux/crypto'
import { integer, openFields, structure } from '../codec/fields.ts'
import type { Item } from '../codec/ttlv.ts'

/** Every version, the newest first: as text, they compare by age. */
export const versions = ['2.1', '2.0', '1.4', '1.3', '1.2', '1.1', '1.0'] as const
export type Version = (typeof versions)[number]

/** Of the fields of a ProtocolVersion. Throws FormatError KMIP-VERSION for one that is none of `versions`. */
export function readVersion(items: readonly Item[]): Version {
  const fields = openFields('ProtocolVersion', items)
  const major = fields.required('ProtocolVersionMajor', 'integer')
  const minor = fields.required('ProtocolVersionMinor', 'integer')
  fields.end()
  const found = versions.find((version) => version === `${major}.${minor}`)
  if (found === undefined) throw new FormatError('KMIP-VERSION', `version ${major}.${minor}`)
  return found
}

export function writeVersion(version: Version): Item {
  const [major, minor] = version.split('.').map(Number)
  return structure('ProtocolVersion', [
    integer('ProtocolVersionMajor', major ?? 0),
    integer('ProtocolVersionMinor', minor ?? 0),
  ])
}
