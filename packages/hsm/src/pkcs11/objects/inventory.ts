import type { Inventory, InventoryObject } from '../../device.ts'
import { type AttributeName, CKA, readAttribute } from '../library/attributes.ts'
import { attempt } from '../library/errors.ts'
import type { Handle } from '../library/module.ts'
import { damagedObjectFiles } from '../library/soft-store.ts'
import type { TokenSession } from '../session/session.ts'

const asked: readonly AttributeName[] = [
  'CLASS',
  'KEY_TYPE',
  'VALUE_LEN',
  'ID',
  'LABEL',
  'TOKEN',
  'PRIVATE',
  'TRUSTED',
  'SENSITIVE',
  'EXTRACTABLE',
  'ALWAYS_SENSITIVE',
  'NEVER_EXTRACTABLE',
  'LOCAL',
  'KEY_GEN_MECHANISM',
  'WRAP',
  'UNWRAP',
  'ENCRYPT',
  'DECRYPT',
  'SIGN',
  'VERIFY',
  'DERIVE',
  'MODIFIABLE',
  'COPYABLE',
  'WRAP_WITH_TRUSTED',
  'ALLOWED_MECHANISMS',
  'WRAP_TEMPLATE',
  'UNWRAP_TEMPLATE',
]

/** Absent is how a token says that an attribute does not apply to this class of object. */
const doesNotApply: ReadonlySet<string> = new Set(['absent', 'CKR_ATTRIBUTE_TYPE_INVALID'])

const classNames: Readonly<Record<string, InventoryObject['class']>> = {
  SECRET_KEY: 'secret',
  PUBLIC_KEY: 'public',
  PRIVATE_KEY: 'private',
  DATA: 'data',
  CERTIFICATE: 'certificate',
}

function readObject(token: TokenSession, handle: Handle): InventoryObject {
  const attributes: Record<string, string> = {}
  const unreadable: { attribute: string; reason: string }[] = []
  for (const name of asked) {
    const read = readAttribute(token.module, token.session, handle, CKA[name])
    if (read.ok) attributes[name] = read.value
    else if (!doesNotApply.has(read.reason)) unreadable.push({ attribute: name, reason: read.reason })
  }
  return {
    class: classNames[attributes.CLASS ?? ''] ?? 'other',
    id: attributes.ID ?? '',
    label: attributes.LABEL ?? '',
    token: attributes.TOKEN === 'true',
    private: attributes.PRIVATE === 'true',
    trusted: attributes.TRUSTED === 'true',
    keyType: attributes.KEY_TYPE ?? '',
    unreadable,
    attributes,
  }
}

/** What a library says of itself in the form of objects, PKCS#11 3.x among them: hardware features, mechanisms, profiles. Nobody stored them. */
const descriptions: ReadonlySet<number> = new Set([5, 7, 9])

function isDescription(token: TokenSession, handle: Handle): boolean {
  const read = attempt(() => token.module.getAttribute(token.session, handle, CKA.CLASS))
  if (!read.ok || read.value === 'absent' || read.value.length !== 8) return false
  return descriptions.has(Number(read.value.readBigUInt64LE()))
}

/** Everything that this login can see, one attribute at a time, and every object file that cannot be an object. */
export function inventory(token: TokenSession): Inventory {
  const objects = token.module
    .find(token.session, [])
    .filter((handle) => !isDescription(token, handle))
    .map((handle) => readObject(token, handle))
  const nameless = objects
    .filter((o) => o.class === 'other' && o.unreadable.length === asked.length)
    .map((_, i) => ({ name: `object ${i + 1}`, reason: 'none of its attributes can be read' }))
  return {
    serial: token.serial,
    loggedIn: token.loggedIn,
    objects,
    damaged: [
      ...nameless,
      ...(token.profile.id === 'softhsm'
        ? damagedObjectFiles(token.serial).map(({ name, reason }) => ({ name, reason }))
        : []),
    ],
  }
}
