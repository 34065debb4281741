import { CKO } from '../../constants.ts'
import { type AttributeName, CKA } from '../library/attributes.ts'
import type { Attribute } from '../library/memory.ts'

const bytesOf = (template: readonly Attribute[], name: AttributeName): Uint8Array | null => {
  const value = template.find(({ type }) => type === CKA[name])?.value
  return value instanceof Uint8Array ? value : null
}

const isSet = (template: readonly Attribute[], name: AttributeName): boolean =>
  bytesOf(template, name)?.[0] === 1

export const classOf = (template: readonly Attribute[]): number => bytesOf(template, 'CLASS')?.[0] ?? -1

/** A key that wraps or unwraps decides over other keys, so none of its restrictions may be left out. */
const isWrapping = (template: readonly Attribute[]): boolean =>
  isSet(template, 'WRAP') || isSet(template, 'UNWRAP')

/**
 * Whether a key of this template is as safe without the attribute. Either the standard reads an absent attribute as what was asked for, or
 * what it allows gives no key away. A copy of a key is never weaker than the key. A key that only signs, encrypts or makes MACs gives
 * nothing away by another mechanism. Every attribute that is not listed here is needed.
 */
export function isOptional({ type, value }: Attribute, template: readonly Attribute[]): boolean {
  switch (type) {
    case CKA.COPYABLE:
      return true
    case CKA.PRIVATE:
      // Hiding a public key harms nobody. AWS CloudHSM hides every one.
      return classOf(template) === CKO.PUBLIC_KEY
    case CKA.WRAP_WITH_TRUSTED:
    case CKA.ALWAYS_AUTHENTICATE:
      return value[0] === 0
    case CKA.MODIFIABLE:
      return value[0] === 0 && !isWrapping(template)
    case CKA.ALLOWED_MECHANISMS:
      return !isWrapping(template)
    default:
      return false
  }
}

/** Needed attributes that tokens are known to lack, in the order in which they are looked for. */
const bindings: ReadonlySet<number> = new Set([
  CKA.UNWRAP_TEMPLATE,
  CKA.WRAP_TEMPLATE,
  CKA.ALLOWED_MECHANISMS,
  CKA.MODIFIABLE,
  CKA.WRAP_WITH_TRUSTED,
])

/** The attributes of a template that its role needs, and that some tokens lack. */
export const bindingsOf = (template: readonly Attribute[]): readonly Attribute[] =>
  template.filter((one) => bindings.has(one.type) && !isOptional(one, template))

/** What a key of this template is for, as a refusal names it. */
export function roleOf(template: readonly Attribute[]): string {
  if (isWrapping(template)) {
    if (classOf(template) !== CKO.SECRET_KEY) return 'transport key'
    return template.some(({ type }) => type === CKA.UNWRAP_TEMPLATE) ? 'root' : 'key-encryption key'
  }
  if (isSet(template, 'SIGN')) return classOf(template) === CKO.SECRET_KEY ? 'MAC key' : 'signing key'
  if (isSet(template, 'ENCRYPT')) return 'encryption key'
  return bytesOf(template, 'SENSITIVE')?.[0] === 0 ? 'key that is read out' : 'data key'
}

/** Attributes of which makes demand one value or the other. */
const contested = ['TOKEN', 'PRIVATE', 'SENSITIVE', 'EXTRACTABLE'] as const

/** What was asked for, of whoever refuses it by a code that names no attribute. */
export function askedFor(template: readonly Attribute[]): string {
  const values = contested.flatMap((name) => {
    const value = bytesOf(template, name)
    return value === null ? [] : [`${name} ${value[0] === 1}`]
  })
  return `a ${roleOf(template)} was asked for, ${values.join(', ')}`
}
