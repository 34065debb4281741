import { randomBytes } from 'node:crypto'
import { CKK, CKM, CKO } from '../../constants.ts'
import type { KeyClass, KeyRef } from '../../device.ts'
import { HsmError } from '../../device.ts'
import { closedTemplate } from '../../templates.ts'
import { CKA, hex, is, num, raw } from '../library/attributes.ts'
import { attemptRefusal } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle } from '../library/module.ts'
import { oaep } from '../library/parameters.ts'
import type { TokenSession } from '../session/session.ts'
import { withAccepted } from './accepted.ts'
import { oaepOutside } from './oaep-outside.ts'
import { named } from './read-back.ts'
import { mechanismNumbers, privateAttributes, publicAttributes } from './templates.ts'

const scratch = (value: Uint8Array, keyType: number, flags: readonly Attribute[]): Attribute[] => [
  num('CLASS', CKO.SECRET_KEY),
  num('KEY_TYPE', keyType),
  is('TOKEN', false),
  is('PRIVATE', true),
  is('SENSITIVE', false),
  is('EXTRACTABLE', true),
  raw('ID', randomBytes(16)),
  raw('VALUE', value),
  ...flags,
]

/** The same by its id, for work that may be on its way when `use` returns. */
export async function withKnownKey<T>(
  token: TokenSession,
  value: Uint8Array,
  keyType: number,
  flags: readonly Attribute[],
  use: (key: KeyRef) => Promise<T>,
): Promise<T> {
  const id = randomBytes(16).toString('hex')
  const asked = scratch(value, keyType, flags).map((a) => (a.type === CKA.ID ? hex('ID', id) : a))
  const key = token.module.createObject(token.session, asked, 'making a scratch key')
  try {
    return await use({ id, class: 'secret' })
  } finally {
    token.destroyHandle(key)
  }
}

/** A session key of known bytes, destroyed after `use`. */
export function withScratchKey<T>(
  token: TokenSession,
  value: Uint8Array,
  keyType: number,
  flags: readonly Attribute[],
  use: (key: Handle) => T,
): T {
  const key = bringIn(token, scratch(value, keyType, flags))
  try {
    return use(key)
  } finally {
    token.destroyHandle(key)
  }
}

type Carrier = { publicKey: Handle; privateKey: Handle }

/** Of tokens on which known keys may come in wrapped; the pair for it is made when the first does. */
const carriers = new WeakMap<TokenSession, { pair: Carrier | null }>()

/**
 * While `use` runs, known keys may come in wrapped. A token that takes none in the clear, as HSMs in FIPS mode, gets them by RSA-OAEP to a
 * session pair of its own.
 */
export function withWrappedKeys<T>(token: TokenSession, use: () => T): T {
  if (carriers.has(token)) return use()
  const carrier: { pair: Carrier | null } = { pair: null }
  carriers.set(token, carrier)
  try {
    return use()
  } finally {
    carriers.delete(token)
    if (carrier.pair !== null) {
      token.destroyHandle(carrier.pair.privateKey)
      token.destroyHandle(carrier.pair.publicKey)
    }
  }
}

/** A session key of these attributes, VALUE among them. Throws the token's answer to it in the clear where no way is taken. */
export function bringIn(token: TokenSession, asked: readonly Attribute[]): Handle {
  const clear = attemptRefusal(() => create(token, asked, 'secret'))
  if (clear.ok) return clear.value
  if (!carriers.has(token) || clear.error.ckr === null) throw clear.error
  const sensitive = asked.map((one) => (one.type === CKA.SENSITIVE ? is('SENSITIVE', true) : one))
  for (const way of [() => create(token, sensitive, 'secret'), () => carryIn(token, sensitive)]) {
    const made = attemptRefusal(way)
    if (made.ok) return made.value
  }
  throw clear.error
}

/** SoftHSM keeps half an object when it refuses one for an attribute: what carries the identifier is taken away again. */
export function create(
  token: TokenSession,
  asked: readonly Attribute[],
  keyClass: Exclude<KeyClass, 'private'>,
): Handle {
  try {
    return token.module.createObject(token.session, asked, 'making a scratch key')
  } catch (error) {
    if (error instanceof HsmError && error.ckr !== null) sweep(token, asked, keyClass)
    throw error
  }
}

function sweep(token: TokenSession, asked: readonly Attribute[], keyClass: KeyClass): void {
  const id = asked.find(({ type }) => type === CKA.ID)?.value
  if (!(id instanceof Uint8Array)) return
  const ref = { id: Buffer.from(id).toString('hex'), class: keyClass }
  attemptRefusal(() => {
    for (const left of token.findAll(ref)) token.destroyHandle(left)
  })
}

const carrierBits = 2048

function carryIn(token: TokenSession, asked: readonly Attribute[]): Handle {
  const value = asked.find(({ type }) => type === CKA.VALUE)?.value
  if (!(value instanceof Uint8Array)) throw new TypeError('asked: no VALUE')
  const carrier = carriers.get(token)
  if (carrier === undefined) throw new TypeError('token: no known key may come in wrapped')
  carrier.pair ??= makeCarrier(token)
  const { pair } = carrier
  const hash = token.profile.oaepHash
  const wrapped = oaepOutside(token, pair.publicKey, value, hash)
  const template = asked.filter(({ type }) => type !== CKA.VALUE)
  return token.module.unwrapKey(
    token.session,
    oaep(hash),
    pair.privateKey,
    wrapped,
    template,
    'unwrapping a known key',
  )
}

function makeCarrier(token: TokenSession): Carrier {
  const unwrapping = { ...closedTemplate, unwrap: true }
  const name = named(randomBytes(16).toString('hex'), '')
  const asked = [
    [
      num('CLASS', CKO.PUBLIC_KEY),
      num('KEY_TYPE', CKK.RSA),
      num('MODULUS_BITS', carrierBits),
      raw('PUBLIC_EXPONENT', Buffer.from([1, 0, 1])),
      ...name,
      ...publicAttributes(unwrapping),
    ],
    [
      num('CLASS', CKO.PRIVATE_KEY),
      num('KEY_TYPE', CKK.RSA),
      ...name,
      // Its template names no mechanism.
      ...privateAttributes(
        unwrapping,
        mechanismNumbers(() => 0),
      ),
    ],
  ]
  return withAccepted(token, {
    by: 'pair',
    asked,
    make: ([publicKey = [], privateKey = []]) =>
      token.module.generateKeyPair(
        token.session,
        { mechanism: CKM.RSA_PKCS_KEY_PAIR_GEN },
        publicKey,
        privateKey,
        'making a pair to bring known keys in by',
      ),
    discard: ({ publicKey, privateKey }) => {
      token.destroyHandle(privateKey)
      token.destroyHandle(publicKey)
    },
  }).value
}
