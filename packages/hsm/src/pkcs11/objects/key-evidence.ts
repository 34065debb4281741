import type { AttributeReport, KeyClass, KeyEvidence, KeyRef, KeyTemplate } from '../../device.ts'
import { type AttributeName, CKA, readAttribute, showAttributes } from '../library/attributes.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle } from '../library/module.ts'
import type { TokenSession } from '../session/session.ts'
import { numbersOf } from './mechanisms.ts'
import { compareAsked, history } from './read-back.ts'
import { privateAttributes, publicAttributes, secretAttributes } from './templates.ts'

const shown: readonly AttributeName[] = [
  'CLASS',
  'KEY_TYPE',
  'VALUE_LEN',
  'ID',
  'LABEL',
  'TOKEN',
  'PRIVATE',
  'SENSITIVE',
  'EXTRACTABLE',
  'WRAP',
  'UNWRAP',
  'ENCRYPT',
  'DECRYPT',
  'SIGN',
  'VERIFY',
  'DERIVE',
  'MODIFIABLE',
  'COPYABLE',
  'TRUSTED',
  'WRAP_WITH_TRUSTED',
  'ALLOWED_MECHANISMS',
  'WRAP_TEMPLATE',
  'UNWRAP_TEMPLATE',
  ...history,
]

/** Halves of pairs have no VALUE_LEN, and a token may keep none of a key that came in wrapped. */
const show = ({ module, session }: TokenSession, handle: Handle): AttributeReport[] =>
  showAttributes(module, session, handle, shown).filter(
    ({ ok, attribute }) => ok || attribute !== 'VALUE_LEN',
  )

export const readAttributes = (token: TokenSession, ref: KeyRef): AttributeReport[] =>
  show(token, token.find(ref))

/** Everything with this id and the evidence for adopting it; with a template, each attribute compared. */
export function findById(token: TokenSession, id: string, template?: KeyTemplate): KeyEvidence[] {
  const classes: readonly KeyClass[] = ['secret', 'private', 'public']
  return classes.flatMap((keyClass) =>
    token
      .findAll({ id, class: keyClass })
      .map((handle) => evidence(token, { id, class: keyClass }, handle, template)),
  )
}

function evidence(
  token: TokenSession,
  ref: KeyRef,
  handle: Handle,
  template: KeyTemplate | undefined,
): KeyEvidence {
  const { module, session } = token
  const value = (name: AttributeName): string => {
    const read = readAttribute(module, session, handle, CKA[name])
    return read.ok ? read.value : ''
  }
  const attributes = template
    ? compareAsked(token, handle, attributesFor(token, ref.class, template)).compared
    : show(token, handle)
  return {
    ref,
    local: value('LOCAL') === 'true',
    generatedBy: value('KEY_GEN_MECHANISM'),
    alwaysSensitive: value('ALWAYS_SENSITIVE') === 'true',
    neverExtractable: value('NEVER_EXTRACTABLE') === 'true',
    attributes,
  }
}

function attributesFor(token: TokenSession, keyClass: KeyClass, template: KeyTemplate): Attribute[] {
  if (keyClass === 'public') return publicAttributes(template)
  return keyClass === 'private'
    ? privateAttributes(template, numbersOf(token))
    : secretAttributes(template, numbersOf(token))
}
