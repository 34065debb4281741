import type {
  AttributeReport,
  KeyClass,
  KeyEvidence,
  KeyPairKind,
  KeyRef,
  KeyTemplate,
  MadeKey,
  MadeKeyPair,
} from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import {
  type AttributeName,
  CKA,
  compareAttributes,
  hex,
  is,
  num,
  raw,
  readAttribute,
  showAttributes,
  text,
} from './attributes.ts'
import { CKK, CKM, CKO } from './constants.ts'
import { numbersOf } from './mechanisms.ts'
import type { Attribute } from './memory.ts'
import type { Handle } from './module.ts'
import { publicKeyAttributes, readSpki } from './public-keys.ts'
import type { TokenSession } from './session.ts'
import { damagedObjectFiles, softTokenFolder, storeProblem } from './soft-store.ts'
import { privateAttributes, publicAttributes, secretAttributes } from './templates.ts'

/** Attributes that tell where a key comes from; no one can set them. */
const history: readonly AttributeName[] = [
  'LOCAL',
  'KEY_GEN_MECHANISM',
  'ALWAYS_SENSITIVE',
  'NEVER_EXTRACTABLE',
]

export const named = (id: string, label: string): Attribute[] => [hex('ID', id), text('LABEL', label)]

/** Compares every attribute; a key that is not as asked for is destroyed and refused. */
export function readBack(
  token: TokenSession,
  handle: Handle,
  asked: readonly Attribute[],
  doing: string,
): AttributeReport[] {
  const { module, session } = token
  const compared = compareAttributes(
    module,
    session,
    handle,
    asked.filter(({ type }) => type !== CKA.VALUE && type !== CKA.VALUE_LEN),
  )
  const wrong = compared.find(({ ok }) => !ok)
  if (wrong) {
    token.destroyHandle(handle)
    throw hsmError(
      'HSM-ATTRIBUTE-MISMATCH',
      `${doing}: ${wrong.attribute} is ${wrong.actual}, asked for ${wrong.expected}; the key was destroyed`,
    )
  }
  requirePersisted(token, handle, asked, doing)
  return [...compared, ...showAttributes(module, session, handle, history)]
}

const justNowMs = 10_000

/** A soft token says that a key was made although its file could not be finished; such a key dies with the process. */
function requirePersisted(
  token: TokenSession,
  handle: Handle,
  asked: readonly Attribute[],
  doing: string,
): void {
  const lasting = asked.some(
    ({ type, value }) => type === CKA.TOKEN && value instanceof Uint8Array && value[0] === 1,
  )
  if (!lasting || token.profile.id !== 'softhsm') return
  const folder = softTokenFolder(token.serial)
  const recent = damagedObjectFiles(token.serial).filter(({ modified }) => modified > Date.now() - justNowMs)
  // An empty file may be an older one of a killed process; it is this key's when the store cannot be written now.
  const cut = recent.find(({ size }) => size > 0) ?? (folder && storeProblem(folder) ? recent[0] : undefined)
  if (!cut) return
  token.destroyHandle(handle)
  throw hsmError('HSM-DISK', `${doing}: the token store could not hold the key (${cut.name} was cut off)`)
}

function generateSecret(
  token: TokenSession,
  mechanism: number,
  keyType: number,
  length: number,
  options: { id: string; label: string; template: KeyTemplate },
): MadeKey {
  token.requireUser()
  const ref: KeyRef = { id: options.id, class: 'secret' }
  token.requireFree(ref)
  const asked = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', keyType),
    ...named(options.id, options.label),
    num('VALUE_LEN', length),
    ...secretAttributes(options.template, numbersOf(token)),
  ]
  const handle = token.module.generateKey(token.session, { mechanism }, asked, 'generating a key')
  return { ref, attributes: readBack(token, handle, asked, 'generating a key') }
}

export const generateAes = (
  token: TokenSession,
  options: { id: string; label: string; bits: 128 | 256; template: KeyTemplate },
): MadeKey => generateSecret(token, CKM.AES_KEY_GEN, CKK.AES, options.bits / 8, options)

/** A 32-byte HMAC-SHA-256 key. */
export const generateHmac = (
  token: TokenSession,
  options: { id: string; label: string; template: KeyTemplate },
): MadeKey => generateSecret(token, CKM.GENERIC_SECRET_KEY_GEN, CKK.GENERIC_SECRET, 32, options)

const curves: Readonly<Record<'p-256' | 'p-384', string>> = {
  'p-256': '06082a8648ce3d030107',
  'p-384': '06052b81040022',
}

/** Mechanism, key type and public parameters of a pair. */
export function pairParameters(kind: KeyPairKind): {
  mechanism: number
  keyType: number
  parameters: Attribute[]
} {
  if (kind === 'p-256' || kind === 'p-384') {
    return {
      mechanism: CKM.EC_KEY_PAIR_GEN,
      keyType: CKK.EC,
      parameters: [raw('EC_PARAMS', Buffer.from(curves[kind], 'hex'))],
    }
  }
  return {
    mechanism: CKM.RSA_PKCS_KEY_PAIR_GEN,
    keyType: CKK.RSA,
    parameters: [num('MODULUS_BITS', Number(kind.slice(4))), raw('PUBLIC_EXPONENT', Buffer.from([1, 0, 1]))],
  }
}

export function generateKeyPair(
  token: TokenSession,
  options: { id: string; label: string; kind: KeyPairKind; template: KeyTemplate },
): MadeKeyPair {
  token.requireUser()
  const publicKey: KeyRef = { id: options.id, class: 'public' }
  const privateKey: KeyRef = { id: options.id, class: 'private' }
  token.requireFree(publicKey)
  token.requireFree(privateKey)
  const { mechanism, keyType, parameters } = pairParameters(options.kind)
  const name = named(options.id, options.label)
  const publicAsked = [
    num('CLASS', CKO.PUBLIC_KEY),
    num('KEY_TYPE', keyType),
    ...name,
    ...parameters,
    ...publicAttributes(options.template),
  ]
  const privateAsked = [
    num('CLASS', CKO.PRIVATE_KEY),
    num('KEY_TYPE', keyType),
    ...name,
    ...privateAttributes(options.template, numbersOf(token)),
  ]
  const doing = 'generating a key pair'
  const made = token.module.generateKeyPair(token.session, { mechanism }, publicAsked, privateAsked, doing)
  try {
    readBack(token, made.publicKey, publicAsked, doing)
  } catch (error) {
    token.destroyHandle(made.privateKey)
    throw error
  }
  let attributes: AttributeReport[]
  try {
    attributes = readBack(token, made.privateKey, privateAsked, doing)
  } catch (error) {
    token.destroyHandle(made.publicKey)
    throw error
  }
  return { publicKey, privateKey, spki: readSpki(token, made.publicKey), attributes }
}

export function importPublicKey(
  token: TokenSession,
  options: { id: string; label: string; spki: Uint8Array; token: boolean },
): KeyRef {
  token.requireUser()
  const ref: KeyRef = { id: options.id, class: 'public' }
  token.requireFree(ref)
  const { keyType, attributes } = publicKeyAttributes(options.spki)
  const asked = [
    num('CLASS', CKO.PUBLIC_KEY),
    num('KEY_TYPE', keyType),
    ...named(options.id, options.label),
    ...attributes,
    is('TOKEN', options.token),
    is('PRIVATE', false),
    is('WRAP', false),
    is('ENCRYPT', keyType === CKK.RSA),
    is('VERIFY', true),
    is('DERIVE', false),
    is('MODIFIABLE', false),
  ]
  const handle = token.module.createObject(token.session, asked, 'importing a public key')
  readBack(token, handle, asked, 'importing a public key')
  return ref
}

const shown: readonly AttributeName[] = [
  'CLASS',
  'KEY_TYPE',
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
  'UNWRAP_TEMPLATE',
  ...history,
]

export const readAttributes = (token: TokenSession, ref: KeyRef): AttributeReport[] =>
  showAttributes(token.module, token.session, token.find(ref), shown)

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
    ? compareAttributes(module, session, handle, attributesFor(token, ref.class, template))
    : showAttributes(module, session, handle, shown)
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

/** Destroys every object of this ref, then looks again: absence is found, not assumed. */
export function destroy(token: TokenSession, ref: KeyRef): { destroyed: number; absent: true } {
  if (ref.class !== 'public') token.requireUser()
  const found = token.findAll(ref)
  for (const handle of found) token.destroyHandle(handle)
  const left = token.findAll(ref).length
  if (left > 0)
    throw hsmError('HSM-DEVICE-ERROR', `${left} objects ${ref.id} are still there after destroying them`)
  return { destroyed: found.length, absent: true }
}
