import { CKK, CKM, CKO } from '../../constants.ts'
import type {
  AttributeReport,
  HsmError,
  KeyPairKind,
  KeyRef,
  KeyTemplate,
  MadeKey,
  MadeKeyPair,
} from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { is, num, raw } from '../library/attributes.ts'
import { curves, ed25519Params } from '../library/curves.ts'
import { attempt } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle } from '../library/module.ts'
import type { TokenSession } from '../session/session.ts'
import { withAccepted, withoutUnsendable } from './accepted.ts'
import { madeAsAsked } from './as-asked.ts'
import { type Naming, requireFreeId, requireFreeLabel } from './free-name.ts'
import { numbersOf } from './mechanisms.ts'
import { roleOf } from './needs.ts'
import { publicKeyAttributes, readSpki } from './public-keys.ts'
import { named, readBack } from './read-back.ts'
import { privateAttributes, publicAttributes, secretAttributes } from './templates.ts'

function generateSecret(
  token: TokenSession,
  mechanism: number,
  keyType: number,
  length: number,
  options: Naming & { template: KeyTemplate },
): MadeKey {
  token.requireMaker()
  token.requireMechanism(mechanism, 'generate')
  const ref: KeyRef = { id: options.id, class: 'secret' }
  requireFreeId(token, ref.id, ref.class)
  requireFreeLabel(token, options, options.template.token)
  const asked = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', keyType),
    ...named(options.id, options.label),
    num('VALUE_LEN', length),
    ...secretAttributes(options.template, numbersOf(token)),
  ]
  const doing = `generating a ${roleOf(asked)}`
  const { attributes } = madeAsAsked(token, 'generate', asked, doing, (template) =>
    token.module.generateKey(token.session, { mechanism }, template, doing),
  )
  return { ref, attributes }
}

function aesBytes(bits: number): number {
  if (bits !== 128 && bits !== 256) throw new RangeError(`bits: expected 128 or 256, got ${bits}`)
  return bits / 8
}

export const generateAes = (
  token: TokenSession,
  options: Naming & { bits: 128 | 256; template: KeyTemplate },
): MadeKey => generateSecret(token, CKM.AES_KEY_GEN, CKK.AES, aesBytes(options.bits), options)

const maxSecretBytes = 512

export function generateSecretKey(
  token: TokenSession,
  options: Naming & { bytes: number; template: KeyTemplate },
): MadeKey {
  const { bytes } = options
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > maxSecretBytes)
    throw new RangeError(`bytes: expected 1 to ${maxSecretBytes}, got ${bytes}`)
  return generateSecret(token, CKM.GENERIC_SECRET_KEY_GEN, CKK.GENERIC_SECRET, bytes, options)
}

/** 32 bytes are an HMAC-SHA-256 key's natural length. */
export const generateHmac = (
  token: TokenSession,
  options: Naming & { template: KeyTemplate; bytes?: number },
): MadeKey => generateSecretKey(token, { bytes: 32, ...options })

/** Mechanism, key type and public parameters of a pair. Tokens differ in how Ed25519 is named, so there are two spellings. */
function pairParameters(kind: KeyPairKind): {
  mechanism: number
  keyType: number
  spellings: readonly (readonly Attribute[])[]
} {
  const spelled = (der: string) => [raw('EC_PARAMS', Buffer.from(der, 'hex'))]
  switch (kind) {
    case 'p-256':
    case 'p-384':
    case 'p-521':
      return { mechanism: CKM.EC_KEY_PAIR_GEN, keyType: CKK.EC, spellings: [spelled(curves[kind].oid)] }
    case 'ed25519':
      return {
        mechanism: CKM.EC_EDWARDS_KEY_PAIR_GEN,
        keyType: CKK.EC_EDWARDS,
        spellings: [spelled(ed25519Params.oid), spelled(ed25519Params.name)],
      }
    case 'rsa-2048':
    case 'rsa-3072':
    case 'rsa-4096':
      return {
        mechanism: CKM.RSA_PKCS_KEY_PAIR_GEN,
        keyType: CKK.RSA,
        spellings: [
          [num('MODULUS_BITS', Number(kind.slice(4))), raw('PUBLIC_EXPONENT', Buffer.from([1, 0, 1]))],
        ],
      }
    default:
      throw new RangeError(`kind: ${String(kind)} is not known`)
  }
}

/** Both halves, without what this token does not take. */
function pairOf(
  token: TokenSession,
  mechanism: number,
  publicAsked: readonly Attribute[],
  privateAsked: readonly Attribute[],
  doing: string,
): Pair {
  const {
    value,
    sent: [publicSent = [], privateSent = []],
  } = withAccepted(token, {
    by: 'pair',
    asked: [
      withoutUnsendable(token, 'public', publicAsked),
      withoutUnsendable(token, 'private', privateAsked),
    ],
    make: ([publicHalf = [], privateHalf = []]) =>
      token.module.generateKeyPair(token.session, { mechanism }, publicHalf, privateHalf, doing),
    discard: ({ publicKey, privateKey }) => {
      token.destroyHandle(privateKey)
      token.destroyHandle(publicKey)
    },
  })
  return {
    ...value,
    publicAsked: publicSent,
    privateAsked: privateSent,
    publicLacking: publicAsked.filter((one) => !publicSent.includes(one)),
    privateLacking: privateAsked.filter((one) => !privateSent.includes(one)),
  }
}

export type Pair = {
  publicKey: Handle
  privateKey: Handle
  publicAsked: readonly Attribute[]
  privateAsked: readonly Attribute[]
  publicLacking: readonly Attribute[]
  privateLacking: readonly Attribute[]
}

/** Makes a pair with the first spelling of its parameters that the token takes. Whoever makes one reads it back. */
export function makePair(
  token: TokenSession,
  kind: KeyPairKind,
  templates: { publicKey: readonly Attribute[]; privateKey: readonly Attribute[] },
  doing: string,
): Pair {
  const { mechanism, keyType, spellings } = pairParameters(kind)
  token.requireMechanism(mechanism, 'generate-pair')
  let refusal: HsmError | null = null
  for (const parameters of spellings) {
    const publicAsked = [
      num('CLASS', CKO.PUBLIC_KEY),
      num('KEY_TYPE', keyType),
      ...parameters,
      ...templates.publicKey,
    ]
    const privateAsked = [num('CLASS', CKO.PRIVATE_KEY), num('KEY_TYPE', keyType), ...templates.privateKey]
    const made = attempt(() => pairOf(token, mechanism, publicAsked, privateAsked, doing))
    if (made.ok) return made.value
    refusal ??= made.error
    if (spellings.length === 1) break
  }
  throw refusal ?? hsmError('HSM-UNSUPPORTED', `${doing}: ${kind}`)
}

/** Both halves; where one is not as asked for, both are destroyed. Gives the private half's attributes. */
export function readPairBack(token: TokenSession, made: Pair, doing: string): AttributeReport[] {
  try {
    readBack(token, made.publicKey, made.publicAsked, doing, made.publicLacking)
  } catch (error) {
    token.destroyHandle(made.privateKey)
    throw error
  }
  try {
    return readBack(token, made.privateKey, made.privateAsked, doing, made.privateLacking)
  } catch (error) {
    token.destroyHandle(made.publicKey)
    throw error
  }
}

export function generateKeyPair(
  token: TokenSession,
  options: Naming & { kind: KeyPairKind; template: KeyTemplate },
): MadeKeyPair {
  token.requireMaker()
  const publicKey: KeyRef = { id: options.id, class: 'public' }
  const privateKey: KeyRef = { id: options.id, class: 'private' }
  requireFreeId(token, options.id, 'public', 'private')
  requireFreeLabel(token, options, options.template.token)
  const name = named(options.id, options.label)
  const doing = `generating a key pair (${options.kind})`
  const made = makePair(
    token,
    options.kind,
    {
      publicKey: [...name, ...publicAttributes(options.template)],
      privateKey: [...name, ...privateAttributes(options.template, numbersOf(token))],
    },
    doing,
  )
  const attributes = readPairBack(token, made, doing)
  return { publicKey, privateKey, spki: readSpki(token, made.publicKey), attributes }
}

export function importPublicKey(
  token: TokenSession,
  options: Naming & { spki: Uint8Array; token: boolean },
): KeyRef {
  token.requireMaker()
  const ref: KeyRef = { id: options.id, class: 'public' }
  requireFreeId(token, ref.id, ref.class)
  requireFreeLabel(token, options, options.token)
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
  const doing = 'importing a public key'
  madeAsAsked(token, 'create', asked, doing, (template) =>
    token.module.createObject(token.session, template, doing),
  )
  return ref
}
