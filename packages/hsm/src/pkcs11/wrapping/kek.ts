import { createHash, randomBytes } from 'node:crypto'
import { CKK, CKO } from '../../constants.ts'
import type { KeyPath, KeyRef, KeyTemplate, MadeKey, PossessionProof, WrapMechanism } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { childKekTemplate } from '../../templates.ts'
import { CKA, is, num } from '../library/attributes.ts'
import type { Handle } from '../library/module.ts'
import { type Naming, requireFreeId, requireFreeLabel } from '../objects/free-name.ts'
import { withScratchKey, withWrappedKeys } from '../objects/known-keys.ts'
import { numbersOf, wrapMechanism } from '../objects/mechanisms.ts'
import { named, readBack, requireLength } from '../objects/read-back.ts'
import { secretAttributes } from '../objects/templates.ts'
import type { TokenSession } from '../session/session.ts'
import { kekAttributes, leaving, requireBits, unwrapHandle, withKek, wrapHandle } from './kek-path.ts'
import { wrapOnPooledSession } from './key-wrapping.ts'

const challengeBytes = 32

type Wrapped = { wrapped: Uint8Array; mechanism: WrapMechanism }

export function wrap(
  token: TokenSession,
  { kek, key }: { kek: KeyPath; key: KeyRef },
): Wrapped | Promise<Wrapped> {
  if (kek.chain?.length)
    return withKek(token, kek, { wrap: true, unwrap: false }, (handle) =>
      wrapHandle(token, handle, token.find(key), 'wrapping a key'),
    )
  token.requireUser()
  const mechanism = wrapMechanism(token)
  const wrapped = wrapOnPooledSession(
    token,
    { mechanism: mechanism.number },
    token.find({ id: kek.id, class: 'secret' }),
    token.find(key),
  )
  return wrapped instanceof Promise
    ? wrapped.then((bytes) => ({ wrapped: bytes, mechanism }))
    : { wrapped, mechanism }
}

/** A KEK in use: found by its id until it is destroyed or the login ends. */
export function unwrap(
  token: TokenSession,
  options: Naming & {
    kek: KeyPath
    wrapped: Uint8Array
    bits: 128 | 256
    template?: KeyTemplate
  },
): MadeKey {
  const template = options.template ?? { ...childKekTemplate, allowedMechanisms: ['wrap'] }
  const ref: KeyRef = { id: options.id, class: 'secret' }
  token.requireUser()
  requireFreeId(token, ref.id, ref.class)
  requireFreeLabel(token, options, template.token)
  requireBits(options.wrapped, options.bits)
  const asked = kekAttributes(token, options.id, options.label, template)
  return withKek(token, options.kek, { wrap: false, unwrap: true }, (kek) => {
    const handle = unwrapHandle(token, kek, options.wrapped, asked)
    const attributes = readBack(token, handle, asked, 'unwrapping a key')
    requireLength(token, handle, options.bits / 8, 'unwrapping a key')
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
  const flags = [is('WRAP', false), is('UNWRAP', false)]
  const prove = (key: Handle): PossessionProof => {
    const { wrapped, mechanism } = wrapHandle(token, kek, key, 'proving possession', {
      exactly: challengeBytes,
    })
    return { digest: createHash('sha256').update(wrapped).digest('hex'), mechanism }
  }
  return withWrappedKeys(token, () => withScratchKey(token, challenge, CKK.AES, flags, prove))
}

export const possessionDigest = (
  token: TokenSession,
  { kek, challenge }: { kek: KeyPath; challenge: Uint8Array },
): PossessionProof =>
  withKek(token, kek, { wrap: true, unwrap: false }, (handle) => possessionOf(token, handle, challenge))
