import { createCipheriv, randomBytes } from 'node:crypto'
import { CKK, CKM, CKO, mechanismName } from '../../constants.ts'
import type { KeyKind, KeyRef, KeyTemplate, KeyWrapMechanism, MadeKey, WrapMechanism } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { childKekTemplate } from '../../templates.ts'
import { CKA, num } from '../library/attributes.ts'
import { attempt } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import { forPkcs11js, type Handle, type Mechanism } from '../library/module.ts'
import { gcm, oaep, rsaAes } from '../library/parameters.ts'
import { madeAsAsked } from '../objects/as-asked.ts'
import { type Naming, requireFreeId, requireFreeLabel } from '../objects/free-name.ts'
import { makePair, readPairBack } from '../objects/keys.ts'
import { chooseWrapMechanism, numbersOf } from '../objects/mechanisms.ts'
import { oaepOutside } from '../objects/oaep-outside.ts'
import { named, readBack } from '../objects/read-back.ts'
import { privateAttributes, publicAttributes, secretAttributes } from '../objects/templates.ts'
import { explainRefusal, perform } from '../session/perform.ts'
import type { TokenSession } from '../session/session.ts'
import { unwrapOrInvalid } from './kek-path.ts'

const maxWrappedBytes = 1 << 16
const usualWrappedBytes = 8192
const gcmTagBits = 128

/** Wraps on a session of its own. A blob that is larger than usual is asked for again with room for it. */
export function wrapOnPooledSession(
  token: TokenSession,
  mechanism: Mechanism,
  by: Handle,
  key: Handle,
  inWords = mechanismName(mechanism.mechanism),
): Uint8Array | Promise<Uint8Array> {
  const { module } = token
  const room = () => Buffer.alloc(usualWrappedBytes)
  return perform<Uint8Array>(token, {
    pace: token.paces.wrap.of(mechanism.mechanism),
    doing: 'wrapping a key',
    begin: () => {},
    now: (session) => module.wrapKey(session, mechanism, by, key, 'wrapping a key'),
    later: (session) => module.p11.C_WrapKeyAsync(session, forPkcs11js(mechanism), by, key, room()),
    explain: explainRefusal(token, by, mechanism.mechanism, inWords),
  })
}

/** The token's number for KW or KWP, by known answer; what pads odd lengths with zeros does not pass for KWP of those. */
function keyWrapNumber(token: TokenSession, kind: 'kw' | 'kwp'): WrapMechanism {
  chooseWrapMechanism(token)
  const standard = kind === 'kw' ? 'KW-RFC3394' : 'KWP-RFC5649'
  const proved = token.wrapProofs.find((proof) => proof.standard === standard)
  if (!proved)
    throw hsmError(
      'HSM-UNSUPPORTED',
      `no mechanism of token ${token.serial} gives the known answers of ${standard}`,
    )
  return proved
}

function requireExactLength(token: TokenSession, proof: WrapMechanism, key: Handle): void {
  if (proof.exactLengths) return
  const length = attempt(() => token.module.getAttribute(token.session, key, CKA.VALUE_LEN))
  if (!length.ok || length.value === 'absent' || length.value.length !== 8) return
  const bytes = Number(length.value.readBigUInt64LE())
  if (bytes % 8 !== 0)
    throw hsmError(
      'HSM-UNSUPPORTED',
      `${proof.name} of token ${token.serial} does not do keys of ${bytes} bytes as ${proof.standard} does`,
    )
}

const fixed = (
  m: Exclude<KeyWrapMechanism, { kind: 'kw' | 'kwp' }>,
): { mechanism: Mechanism; inWords: string } => {
  switch (m.kind) {
    case 'gcm':
      return {
        mechanism: gcm(m.nonce, m.aad ?? new Uint8Array(0), gcmTagBits),
        inWords: 'CKM_AES_GCM as a key wrap',
      }
    case 'oaep':
      return {
        mechanism: oaep(m.hash, m.label),
        inWords: `CKM_RSA_PKCS_OAEP with ${m.hash}${m.label?.length ? ' and a label' : ''}`,
      }
    case 'rsa-aes':
      return { mechanism: rsaAes(m.hash, m.bits), inWords: `CKM_RSA_AES_KEY_WRAP with ${m.hash}` }
  }
}

/** A private and a secret key that wrap are different classes: KEKs are secret, RSA wraps with the public half. */
const isRsaWrap = (m: KeyWrapMechanism) => m.kind === 'oaep' || m.kind === 'rsa-aes'

export function wrapKey(
  token: TokenSession,
  options: { by: KeyRef; mechanism: KeyWrapMechanism; key: KeyRef },
): Uint8Array | Promise<Uint8Array> {
  token.requireUser()
  const { mechanism: m } = options
  const by = token.find({ id: options.by.id, class: isRsaWrap(m) ? 'public' : 'secret' })
  const key = token.find(options.key)
  if (m.kind === 'kw' || m.kind === 'kwp') {
    const proof = keyWrapNumber(token, m.kind)
    requireExactLength(token, proof, key)
    return wrapOnPooledSession(token, { mechanism: proof.number }, by, key)
  }
  if (m.kind === 'rsa-aes' && !token.has(CKM.RSA_AES_KEY_WRAP, 'wrap')) return wrapInTwo(token, m, by, key)
  const { mechanism, inWords } = fixed(m)
  if (m.kind === 'gcm') token.requireGivenNonce()
  token.requireMechanism(mechanism.mechanism, 'wrap')
  return wrapOnPooledSession(token, mechanism, by, key, inWords)
}

const passing: KeyTemplate = { ...childKekTemplate, wrap: false, unwrap: false }

const passingAes = (): Attribute[] => [
  num('CLASS', CKO.SECRET_KEY),
  num('KEY_TYPE', CKK.AES),
  ...named(randomBytes(16).toString('hex'), ''),
]

/** CKM_RSA_AES_KEY_WRAP of its two parts, both in the token: OAEP(AES key) || KWP(key), PKCS#11 3.1 section 6.1.22. */
function wrapInTwo(
  token: TokenSession,
  m: Extract<KeyWrapMechanism, { kind: 'rsa-aes' }>,
  by: Handle,
  key: Handle,
): Uint8Array {
  const proof = keyWrapNumber(token, 'kwp')
  requireExactLength(token, proof, key)
  token.requireMechanism(CKM.RSA_PKCS_OAEP, 'wrap')
  const { module, session } = token
  const template = { ...passing, extractable: true, wrap: true }
  const doing = 'wrapping by RSA and AES'
  const asked = [
    ...passingAes(),
    num('VALUE_LEN', m.bits / 8),
    ...secretAttributes(template, numbersOf(token)),
  ]
  const { handle: aes } = madeAsAsked(token, 'generate', asked, doing, (made) =>
    module.generateKey(session, { mechanism: CKM.AES_KEY_GEN }, made, doing),
  )
  try {
    const inWords = `CKM_RSA_PKCS_OAEP with ${m.hash}`
    const outer = attempt(() => module.wrapKey(session, oaep(m.hash), by, aes, doing))
    if (!outer.ok) throw explainRefusal(token, by, CKM.RSA_PKCS_OAEP, inWords)(outer.error)
    return Buffer.concat([outer.value, module.wrapKey(session, { mechanism: proof.number }, aes, key, doing)])
  } finally {
    token.destroyHandle(aes)
  }
}

const kinds: Readonly<Record<KeyKind, { keyClass: 'secret' | 'private'; keyType: number }>> = {
  aes: { keyClass: 'secret', keyType: CKK.AES },
  secret: { keyClass: 'secret', keyType: CKK.GENERIC_SECRET },
  rsa: { keyClass: 'private', keyType: CKK.RSA },
  ec: { keyClass: 'private', keyType: CKK.EC },
  ed25519: { keyClass: 'private', keyType: CKK.EC_EDWARDS },
}

export type Arriving = Naming & { kind: KeyKind; template: KeyTemplate }

/** The template of a key that is being unwrapped, every flag explicit and MODIFIABLE last. */
export function arrivingKey(
  token: TokenSession,
  { id, label, sameLabel, kind, template }: Arriving,
): { ref: KeyRef; asked: Attribute[] } {
  const { keyClass, keyType } = kinds[kind]
  const ref: KeyRef = { id, class: keyClass }
  requireFreeId(token, id, keyClass)
  requireFreeLabel(token, { id, label, ...(sameLabel === true ? { sameLabel } : {}) }, template.token)
  const numbers = numbersOf(token)
  return {
    ref,
    asked: [
      num('CLASS', keyClass === 'secret' ? CKO.SECRET_KEY : CKO.PRIVATE_KEY),
      num('KEY_TYPE', keyType),
      ...named(id, label),
      ...(keyClass === 'secret' ? secretAttributes(template, numbers) : privateAttributes(template, numbers)),
    ],
  }
}

export function unwrapKey(
  token: TokenSession,
  options: Arriving & { by: KeyRef; mechanism: KeyWrapMechanism; wrapped: Uint8Array },
): MadeKey {
  token.requireUser()
  const { mechanism: m, wrapped } = options
  if (wrapped.length < 16 || wrapped.length > maxWrappedBytes)
    throw hsmError('HSM-DATA-INVALID', `a wrapped key of ${wrapped.length} bytes`)
  const by = token.find({ id: options.by.id, class: isRsaWrap(m) ? 'private' : 'secret' })
  const { ref, asked } = arrivingKey(token, options)
  const doing = 'unwrapping a key'
  const handle = ((): Handle => {
    if (m.kind === 'kw' || m.kind === 'kwp') {
      const { number } = keyWrapNumber(token, m.kind)
      return unwrapOrInvalid(token, { mechanism: number }, by, wrapped, asked, doing)
    }
    if (m.kind === 'rsa-aes' && !token.has(CKM.RSA_AES_KEY_WRAP, 'unwrap'))
      return unwrapInTwo(token, m, by, wrapped, asked)
    const { mechanism, inWords } = fixed(m)
    token.requireMechanism(mechanism.mechanism, 'unwrap')
    const made = attempt(() => unwrapOrInvalid(token, mechanism, by, wrapped, asked, doing))
    if (made.ok) return made.value
    throw explainRefusal(token, by, mechanism.mechanism, inWords)(made.error)
  })()
  return { ref, attributes: readBack(token, handle, asked, doing) }
}

/** OAEP, then KWP: the AES key between them is a session key that can only unwrap, and is gone after it. */
export function unwrapInTwo(
  token: TokenSession,
  m: Extract<KeyWrapMechanism, { kind: 'rsa-aes' }>,
  by: Handle,
  wrapped: Uint8Array,
  asked: readonly Attribute[],
): Handle {
  const { number } = keyWrapNumber(token, 'kwp')
  token.requireMechanism(CKM.RSA_PKCS_OAEP, 'unwrap')
  const { module, session } = token
  const modulus = module.getAttribute(session, by, CKA.MODULUS)
  if (modulus === 'absent' || wrapped.length <= modulus.length)
    throw hsmError('HSM-DATA-INVALID', 'the blob is shorter than the RSA key that it was wrapped to')
  const doing = 'unwrapping by RSA and AES'
  const aesAsked = [...passingAes(), ...secretAttributes({ ...passing, unwrap: true }, numbersOf(token))]
  const made = attempt(() =>
    unwrapOrInvalid(token, oaep(m.hash), by, wrapped.subarray(0, modulus.length), aesAsked, doing),
  )
  if (!made.ok)
    throw explainRefusal(token, by, CKM.RSA_PKCS_OAEP, `CKM_RSA_PKCS_OAEP with ${m.hash}`)(made.error)
  readBack(token, made.value, aesAsked, doing)
  try {
    return unwrapOrInvalid(
      token,
      { mechanism: number },
      made.value,
      wrapped.subarray(modulus.length),
      asked,
      doing,
    )
  } finally {
    token.destroyHandle(made.value)
  }
}

const maxValueBytes = 1 << 14
const kwpIv = Buffer.from('a65959a6', 'hex')

const receiving: KeyTemplate = { ...childKekTemplate, wrap: false, unwrap: true }

/** RFC 5649 with AES-256 in software. */
function kwp(kek: Uint8Array, key: Uint8Array): Buffer {
  const cipher = createCipheriv('id-aes256-wrap-pad', kek, kwpIv)
  return Buffer.concat([cipher.update(key), cipher.final()])
}

/** The pair lives for this call alone and can only unwrap. */
export function importUnderWrapping(token: TokenSession, options: Arriving & { value: Uint8Array }): MadeKey {
  token.requireUser()
  if (options.value.length < 1 || options.value.length > maxValueBytes)
    throw new RangeError(`value: expected 1 to ${maxValueBytes} bytes, got ${options.value.length}`)
  const { ref, asked } = arrivingKey(token, options)
  const doing = 'importing a key under wrapping'
  const name = named(randomBytes(16).toString('hex'), '')
  const pair = makePair(
    token,
    'rsa-3072',
    {
      publicKey: [...name, ...publicAttributes(receiving)],
      privateKey: [...name, ...privateAttributes(receiving, numbersOf(token))],
    },
    doing,
  )
  readPairBack(token, pair, doing)
  const aes = randomBytes(32)
  try {
    const hash = token.profile.oaepHash
    const outer = oaepOutside(token, pair.publicKey, aes, hash)
    const blob = Buffer.concat([outer, kwp(aes, options.value)])
    const handle = unwrapInTwo(token, { kind: 'rsa-aes', hash, bits: 256 }, pair.privateKey, blob, asked)
    return { ref, attributes: readBack(token, handle, asked, doing) }
  } finally {
    aes.fill(0)
    token.destroyHandle(pair.privateKey)
    token.destroyHandle(pair.publicKey)
  }
}
