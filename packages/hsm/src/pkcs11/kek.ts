import { createHash, randomBytes } from 'node:crypto'
import type {
  AttributeReport,
  GeneratedWrapped,
  KeyPath,
  KeyRef,
  KeyTemplate,
  MadeKey,
  PossessionProof,
  WrapMechanism,
  WrappableAlgorithm,
} from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { childKekTemplate } from '../templates.ts'
import { CKA, is, num } from './attributes.ts'
import { CKK, CKM, CKO } from './constants.ts'
import { attempt } from './errors.ts'
import { named, pairParameters, readBack } from './keys.ts'
import { numbersOf, withScratchKey, wrapMechanism } from './mechanisms.ts'
import type { Attribute } from './memory.ts'
import type { Handle, Mechanism } from './module.ts'
import { readSpki } from './public-keys.ts'
import type { TokenSession } from './session.ts'
import { privateAttributes, publicAttributes, secretAttributes } from './templates.ts'

const maxChain = 4
const maxWrappedBytes = 1 << 16
const challengeBytes = 32

/** A key that exists only to be wrapped: it can do nothing and is destroyed in the same step. */
const leaving: KeyTemplate = { ...childKekTemplate, extractable: true, wrap: false, unwrap: false }

/** SoftHSM answers CKR_GENERAL_ERROR when a blob does not open; that is the blob's fault, not the token's. */
export function unwrapOrInvalid(
  token: TokenSession,
  mechanism: Mechanism,
  kek: Handle,
  wrapped: Uint8Array,
  template: readonly Attribute[],
  doing: string,
): Handle {
  const made = attempt(() => token.module.unwrapKey(token.session, mechanism, kek, wrapped, template, doing))
  if (made.ok) return made.value
  if (made.error.code !== 'HSM-DEVICE-ERROR') throw made.error
  throw hsmError(
    'HSM-DATA-INVALID',
    `${doing}: the blob is damaged or belongs to another key`,
    made.error.ckr,
  )
}

function unwrapHandle(
  token: TokenSession,
  kek: Handle,
  wrapped: Uint8Array,
  template: readonly Attribute[],
): Handle {
  if (wrapped.length < 16 || wrapped.length > maxWrappedBytes) {
    throw hsmError('HSM-DATA-INVALID', `a wrapped key of ${wrapped.length} bytes`)
  }
  const { number: mechanism } = wrapMechanism(token)
  return unwrapOrInvalid(token, { mechanism }, kek, wrapped, template, 'unwrapping a key')
}

/**
 * Reaches a KEK and lends its handle. Chained KEKs are session objects, not extractable, for as long as `use` runs. All but
 * the last demand the same of their children; the last one demands nothing, because a server unwraps into memory with it.
 */
function withKek<T>(
  token: TokenSession,
  path: KeyPath,
  uses: { wrap: boolean; unwrap: boolean },
  use: (kek: Handle) => T,
): T {
  token.requireUser()
  const chain = path.chain ?? []
  if (chain.length > maxChain) throw new RangeError(`chain: at most ${maxChain} keys, got ${chain.length}`)
  const made: Handle[] = []
  try {
    let current = token.find({ id: path.id, class: 'secret' })
    for (const [i, link] of chain.entries()) {
      const last = i === chain.length - 1
      const template: KeyTemplate = last
        ? { ...childKekTemplate, ...uses, allowedMechanisms: ['wrap'] }
        : {
            ...childKekTemplate,
            wrap: false,
            unwrap: true,
            allowedMechanisms: ['wrap'],
            unwrapTemplate: 'child-kek',
          }
      const asked = kekAttributes(token, randomBytes(16).toString('hex'), '', template)
      requireBits(link.wrapped, link.bits)
      const handle = unwrapHandle(token, current, link.wrapped, asked)
      made.push(handle)
      current = handle
    }
    return use(current)
  } finally {
    for (const handle of made.reverse()) token.destroyHandle(handle)
  }
}

function kekAttributes(token: TokenSession, id: string, label: string, template: KeyTemplate): Attribute[] {
  return [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', CKK.AES),
    ...named(id, label),
    ...secretAttributes(template, numbersOf(token)),
  ]
}

/** KW and KWP add eight bytes. The length is taken from the blob, because SoftHSM gives an unwrapped key no VALUE_LEN. */
function requireBits(wrapped: Uint8Array, bits: number): void {
  const got = (wrapped.length - 8) * 8
  if (got !== bits) throw hsmError('HSM-DATA-INVALID', `a wrapped key has ${got} bits, ${bits} were expected`)
}

function wrapHandle(
  token: TokenSession,
  kek: Handle,
  key: Handle,
  doing: string,
): { wrapped: Buffer; mechanism: WrapMechanism } {
  const mechanism = wrapMechanism(token)
  return {
    wrapped: token.module.wrapKey(token.session, { mechanism: mechanism.number }, kek, key, doing),
    mechanism,
  }
}

export function wrap(
  token: TokenSession,
  { kek, key }: { kek: KeyPath; key: KeyRef },
): { wrapped: Uint8Array; mechanism: WrapMechanism } {
  return withKek(token, kek, { wrap: true, unwrap: false }, (handle) =>
    wrapHandle(token, handle, token.find(key), 'wrapping a key'),
  )
}

/** A KEK in use: found by its id until it is destroyed or the login ends. */
export function unwrap(
  token: TokenSession,
  options: {
    kek: KeyPath
    wrapped: Uint8Array
    id: string
    label: string
    bits: 128 | 256
    template?: KeyTemplate
  },
): MadeKey {
  const template = options.template ?? { ...childKekTemplate, allowedMechanisms: ['wrap'] }
  const ref: KeyRef = { id: options.id, class: 'secret' }
  token.requireUser()
  token.requireFree(ref)
  requireBits(options.wrapped, options.bits)
  const asked = kekAttributes(token, options.id, options.label, template)
  return withKek(token, options.kek, { wrap: false, unwrap: true }, (kek) => {
    const handle = unwrapHandle(token, kek, options.wrapped, asked)
    const attributes = readBack(token, handle, asked, 'unwrapping a key')
    return { ref, attributes }
  })
}

/**
 * Unwraps as a readable session object, reads it and destroys it. Works under an organisation KEK, whose own template
 * demands nothing of its children; the root's refuses it in the token.
 */
export function unwrapToMemory(
  token: TokenSession,
  { kek, wrapped, kind }: { kek: KeyPath; wrapped: Uint8Array; kind?: 'aes' | 'hmac' },
): Uint8Array {
  const asked = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', kind === 'hmac' ? CKK.GENERIC_SECRET : CKK.AES),
    ...named(randomBytes(16).toString('hex'), ''),
    ...secretAttributes({ ...leaving, sensitive: false }, numbersOf(token)),
  ]
  return withKek(token, kek, { wrap: false, unwrap: true }, (handle) => {
    const key = unwrapHandle(token, handle, wrapped, asked)
    try {
      const value = token.module.getAttribute(token.session, key, CKA.VALUE)
      if (value === 'absent') throw hsmError('HSM-KEY-FORBIDDEN', 'the token does not give out this key')
      return value
    } finally {
      token.destroyHandle(key)
    }
  })
}

/** A public challenge is wrapped as if it were a key: equal digests prove equal KEKs. The mechanism is deterministic. */
export function possessionOf(token: TokenSession, kek: Handle, challenge: Uint8Array): PossessionProof {
  if (challenge.length !== challengeBytes)
    throw new RangeError(`challenge: expected 32 bytes, got ${challenge.length}`)
  return withScratchKey(token, challenge, CKK.AES, [is('WRAP', false), is('UNWRAP', false)], (key) => {
    const { wrapped, mechanism } = wrapHandle(token, kek, key, 'proving possession')
    return { digest: createHash('sha256').update(wrapped).digest('hex'), mechanism }
  })
}

export const possessionDigest = (
  token: TokenSession,
  { kek, challenge }: { kek: KeyPath; challenge: Uint8Array },
): PossessionProof =>
  withKek(token, kek, { wrap: true, unwrap: false }, (handle) => possessionOf(token, handle, challenge))

type Leaving = {
  readonly key: Handle
  readonly others: readonly Handle[]
  readonly spki: Uint8Array | null
  readonly attributes: AttributeReport[]
}

const secrets: Readonly<
  Partial<Record<WrappableAlgorithm, { keyType: number; mechanism: number; length: number }>>
> = {
  'aes-128': { keyType: CKK.AES, mechanism: CKM.AES_KEY_GEN, length: 16 },
  'aes-256': { keyType: CKK.AES, mechanism: CKM.AES_KEY_GEN, length: 32 },
  'aes-128-gcm': { keyType: CKK.AES, mechanism: CKM.AES_KEY_GEN, length: 16 },
  'aes-256-gcm': { keyType: CKK.AES, mechanism: CKM.AES_KEY_GEN, length: 32 },
  'hmac-sha256': { keyType: CKK.GENERIC_SECRET, mechanism: CKM.GENERIC_SECRET_KEY_GEN, length: 32 },
}

function makeLeaving(token: TokenSession, algorithm: WrappableAlgorithm): Leaving {
  const { module, session } = token
  const name = named(randomBytes(16).toString('hex'), '')
  const secret = secrets[algorithm]
  const doing = `generating a key to be wrapped (${algorithm})`
  if (secret) {
    const asked = [
      num('CLASS', CKO.SECRET_KEY),
      num('KEY_TYPE', secret.keyType),
      ...name,
      num('VALUE_LEN', secret.length),
      ...secretAttributes(leaving, numbersOf(token)),
    ]
    const key = module.generateKey(session, { mechanism: secret.mechanism }, asked, doing)
    return { key, others: [], spki: null, attributes: readBack(token, key, asked, doing) }
  }
  switch (algorithm) {
    case 'rsa-2048':
    case 'rsa-4096':
    case 'p-256':
    case 'p-384':
      break
    default:
      throw new RangeError(`algorithm: ${algorithm} is not known`)
  }
  const { mechanism, keyType, parameters } = pairParameters(algorithm)
  const pair = module.generateKeyPair(
    session,
    { mechanism },
    [
      num('CLASS', CKO.PUBLIC_KEY),
      num('KEY_TYPE', keyType),
      ...name,
      ...parameters,
      ...publicAttributes(leaving),
    ],
    [
      num('CLASS', CKO.PRIVATE_KEY),
      num('KEY_TYPE', keyType),
      ...name,
      ...privateAttributes(leaving, numbersOf(token)),
    ],
    doing,
  )
  try {
    const asked = privateAttributes(leaving, numbersOf(token))
    const spki = readSpki(token, pair.publicKey)
    return {
      key: pair.privateKey,
      others: [pair.publicKey],
      spki,
      attributes: readBack(token, pair.privateKey, asked, doing),
    }
  } catch (error) {
    token.destroyHandle(pair.publicKey)
    throw error
  }
}

export function generateWrapped(
  token: TokenSession,
  { parent, algorithm }: { parent: KeyPath; algorithm: WrappableAlgorithm },
): GeneratedWrapped {
  return withKek(token, parent, { wrap: true, unwrap: false }, (kek) => {
    const made = makeLeaving(token, algorithm)
    try {
      const { wrapped, mechanism } = wrapHandle(token, kek, made.key, 'wrapping a new key')
      return {
        wrapped: new Uint8Array(wrapped),
        mechanism,
        algorithm,
        spki: made.spki,
        attributes: made.attributes,
      }
    } finally {
      for (const handle of [made.key, ...made.others]) token.destroyHandle(handle)
    }
  })
}
