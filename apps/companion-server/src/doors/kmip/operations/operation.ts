import { FormatError, type Outcome } from '@lux/crypto'
import type { Call } from '../../../audit/record.ts'
import type { KeyOperations } from '../../../keys/operations.ts'
import { enumerations } from '../codec/enumerations.ts'
import { type Fields, misfit } from '../codec/fields.ts'
import type { Item } from '../codec/ttlv.ts'
import type { Version } from '../message/versions.ts'

/** What an operation of a batch is done with. */
export type Asked = {
  readonly version: Version
  readonly keys: KeyOperations
  readonly project: string
  now(): Date
  /** A new one for each question: each is recorded by itself. */
  call(): Call
  /** One call more of the identity's limit, where an operation asks for many things. */
  room(): Outcome<null>
  /** The object that the operation before it in the batch named: what a missing identifier stands for. */
  readonly placeholder: string | null
}

/** `placeholder`: what the next operation of the batch may leave out; absent, it stays as it was. */
export type Done = { readonly payload: readonly Item[]; readonly placeholder?: string | null }

export type Operation = {
  readonly since: Version
  /** Throws FormatError KMIP-MESSAGE where the payload is not as its version has it. */
  run(asked: Asked, payload: readonly Item[]): Promise<Outcome<Done>>
}

/** The identifier of a payload, or the placeholder where it is left out, or named, as it may be since 2.0. */
export function readIdentifier(
  { version, placeholder }: Asked,
  fields: Fields,
  name: 'UniqueIdentifier' | 'PrivateKeyUniqueIdentifier' = 'UniqueIdentifier',
): string {
  const item = fields.optionalItem(name)
  if (item?.type === 'text-string') {
    // No key has such an identifier, and the database takes no zero character.
    if (item.value.length > 80 || item.value.includes('\0'))
      throw new FormatError('OBJECT-ABSENT', 'Key not found')
    return item.value
  }
  const reference =
    item === null ||
    (version >= '2.0' &&
      item.type === 'enumeration' &&
      item.value === enumerations.UniqueIdentifier.IDPlaceholder)
  if (!reference) throw misfit('RequestPayload', `${name} is neither text nor the ID placeholder`)
  if (placeholder === null)
    throw misfit('RequestPayload', `${name} is missing, and no operation before it named one`)
  return placeholder
}

const publicHalf = '.public'

/** The key that an identifier means: a pair is one key, whose public half has an identifier of its own. */
export function keyOf(identifier: string): { readonly key: string; readonly half: 'whole' | 'public' } {
  return identifier.endsWith(publicHalf)
    ? { key: identifier.slice(0, -publicHalf.length), half: 'public' }
    : { key: identifier, half: 'whole' }
}

export const publicIdentifier = (key: string): string => `${key}${publicHalf}`
