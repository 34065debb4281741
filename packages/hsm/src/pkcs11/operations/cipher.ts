import { CKM, CKR, mechanismName } from '../../constants.ts'
import type { CipherMechanism, HsmError, KeyRef } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { ckrOf } from '../library/errors.ts'
import { asBuffer } from '../library/memory.ts'
import type { Mechanism } from '../library/module.ts'
import { gcm, oaep } from '../library/parameters.ts'
import { blameData, explainRefusal, perform } from '../session/perform.ts'
import { LoginForUse, type UsePin } from '../session/pin-pad.ts'
import type { TokenSession } from '../session/session.ts'

const tagBits = 128
const gcmNonceBytes = 12
/** Tokens that make a nonce themselves make one of 12 bytes or of 16. */
const ownNonceBytes: readonly number[] = [gcmNonceBytes, 16]
const blockBytes = 16
const maxRsaBytes = 1024

type Plan = {
  readonly mechanism: Mechanism
  readonly inWords: () => string
  readonly keyClass: { readonly encrypt: KeyRef['class']; readonly decrypt: KeyRef['class'] }
  /** Most bytes that encrypting adds. */
  readonly growth: number
}

const secret = { encrypt: 'secret', decrypt: 'secret' } as const

function plan(m: CipherMechanism, nonceBytes: readonly number[] = [gcmNonceBytes]): Plan {
  switch (m.kind) {
    case 'gcm': {
      if (!nonceBytes.includes(m.nonce.length))
        throw new RangeError(`nonce: expected ${nonceBytes.join(' or ')} bytes, got ${m.nonce.length}`)
      const bits = m.tagBits ?? tagBits
      return {
        mechanism: gcm(m.nonce, m.aad ?? new Uint8Array(0), bits),
        inWords: () => `CKM_AES_GCM with a tag of ${bits} bits`,
        keyClass: secret,
        growth: blockBytes,
      }
    }
    case 'cbc':
    case 'cbc-pad': {
      if (m.iv.length !== blockBytes)
        throw new RangeError(`iv: expected ${blockBytes} bytes, got ${m.iv.length}`)
      const mechanism = m.kind === 'cbc' ? CKM.AES_CBC : CKM.AES_CBC_PAD
      return {
        mechanism: { mechanism, parameter: m.iv },
        inWords: () => mechanismName(mechanism),
        keyClass: secret,
        growth: blockBytes,
      }
    }
    case 'oaep':
      return {
        mechanism: oaep(m.hash, m.label),
        inWords: () => `CKM_RSA_PKCS_OAEP with ${m.hash}${m.label?.length ? ' and a label' : ''}`,
        keyClass: { encrypt: 'public', decrypt: 'private' },
        growth: maxRsaBytes,
      }
  }
}

/** Ciphertext bytes of so many bytes of plaintext. OAEP: the modulus of the three sizes. */
function isCiphertextLength(m: CipherMechanism, plain: number, length: number): boolean {
  switch (m.kind) {
    case 'gcm':
      return length === plain + (m.tagBits ?? tagBits) / 8
    case 'cbc':
      return length === plain
    case 'cbc-pad':
      return length === plain - (plain % blockBytes) + blockBytes
    case 'oaep':
      return length === 256 || length === 384 || length === 512
  }
}

/** A padded plaintext is as long as its padding says. */
function isPlaintextLength(m: CipherMechanism, ciphertext: number, length: number): boolean {
  if (m.kind === 'oaep') return length < ciphertext
  if (m.kind === 'cbc-pad') return length < ciphertext && length >= ciphertext - blockBytes
  return isCiphertextLength(m, length, ciphertext)
}

/** Work of one mechanism takes as long as its input: steps of 4 KiB, of which 64 MiB have less than 2^20. */
const paceOf = ({ mechanism }: Mechanism, { length }: Uint8Array) => mechanism * 2 ** 20 + (length >> 12)

/** GCM: ciphertext || tag. */
export function encrypt(
  token: TokenSession,
  options: { key: KeyRef; mechanism: CipherMechanism; plaintext: Uint8Array },
): Uint8Array | Promise<Uint8Array> {
  const { mechanism, inWords, keyClass, growth } = plan(options.mechanism)
  if (keyClass.encrypt !== 'public') token.requireUser()
  if (options.mechanism.kind === 'gcm') token.requireGivenNonce()
  token.requireMechanism(mechanism.mechanism, 'encrypt')
  if (options.mechanism.kind === 'cbc' && options.plaintext.length % blockBytes !== 0)
    throw new RangeError(`plaintext: CBC takes whole blocks of ${blockBytes} bytes`)
  const key = token.find({ id: options.key.id, class: keyClass.encrypt })
  const { p11 } = token.module
  const input = options.plaintext
  const room = input.length + growth
  return perform<Uint8Array>(token, {
    pace: token.paces.encrypt.of(paceOf(mechanism, input)),
    doing: 'encrypting',
    begin: (session) => token.module.begin('C_EncryptInit', session, mechanism, key, 'encrypting'),
    now: (session) => token.module.finish('C_Encrypt', session, input, room, 'encrypting'),
    later: (session) => p11.C_EncryptAsync(session, asBuffer(input), Buffer.alloc(room)),
    plausible: ({ length }) => isCiphertextLength(options.mechanism, input.length, length),
    explain: (error) => explainRefusal(token, key, mechanism.mechanism, inWords())(error),
  })
}

export function decrypt(
  token: TokenSession,
  options: { key: KeyRef; mechanism: CipherMechanism; ciphertext: Uint8Array } & UsePin,
): Uint8Array | Promise<Uint8Array> {
  const { mechanism, inWords, keyClass } = plan(options.mechanism, ownNonceBytes)
  token.requireUser()
  token.requireMechanism(mechanism.mechanism, 'decrypt')
  const { kind } = options.mechanism
  const input = options.ciphertext
  if (kind === 'gcm' && input.length < (options.mechanism.tagBits ?? tagBits) / 8)
    throw hsmError('HSM-DATA-INVALID', 'the ciphertext is shorter than its tag')
  const key = token.find({ id: options.key.id, class: keyClass.decrypt })
  const { p11 } = token.module
  const login = new LoginForUse(token, options)
  let begun = false
  const refused = (error: HsmError) => explainRefusal(token, key, mechanism.mechanism, inWords())(error)
  const altered = blameData('the ciphertext, its nonce or its associated data was altered')
  const room = Math.max(input.length, blockBytes)
  return perform<Uint8Array>(token, {
    pace: token.paces.decrypt.of(paceOf(mechanism, input)),
    doing: 'decrypting',
    begin: (session) => {
      token.module.begin('C_DecryptInit', session, mechanism, key, 'decrypting')
      login.logIn(session)
      begun = true
    },
    now: (session) => token.module.finish('C_Decrypt', session, input, room, 'decrypting'),
    later: (session) => p11.C_DecryptAsync(session, asBuffer(input), Buffer.alloc(room)),
    plausible: ({ length }) => isPlaintextLength(options.mechanism, input.length, length),
    explain: (error: HsmError) => (begun ? altered(error) : refused(error)),
    inline: login.asked,
    spent: login.spent,
  })
}

export const encryptGcm = (
  token: TokenSession,
  { key, nonce, aad, plaintext }: { key: KeyRef; nonce: Uint8Array; aad: Uint8Array; plaintext: Uint8Array },
): Uint8Array | Promise<Uint8Array> =>
  encrypt(token, { key, mechanism: { kind: 'gcm', nonce, aad }, plaintext })

export const decryptGcm = (
  token: TokenSession,
  {
    key,
    nonce,
    aad,
    ciphertext,
  }: { key: KeyRef; nonce: Uint8Array; aad: Uint8Array; ciphertext: Uint8Array },
): Uint8Array | Promise<Uint8Array> =>
  decrypt(token, { key, mechanism: { kind: 'gcm', nonce, aad }, ciphertext })

type Sealing = {
  readonly key: KeyRef
  readonly nonce: Uint8Array
  readonly aad: Uint8Array
  readonly plaintext: Uint8Array
}
type Sealed = { readonly nonce: Uint8Array; readonly ciphertext: Uint8Array }

/**
 * Encrypts a small secret by AES-GCM. A token that takes no nonce makes its own: it writes that over the given one, or behind the tag. What
 * is not opened again under the nonce that was found is not believed.
 */
export async function sealGcm(token: TokenSession, sealing: Sealing): Promise<Sealed> {
  token.requireUser()
  token.requireMechanism(CKM.AES_GCM, 'encrypt')
  const { key, aad } = sealing
  const sealed = await (token.profile.gcmNonce === 'token' ? sealedUnderWritten : sealedUnderGiven)(
    token,
    sealing,
  )
  const mechanism = { kind: 'gcm', nonce: sealed.nonce, aad } as const
  const opened = Buffer.from(await decrypt(token, { key, mechanism, ciphertext: sealed.ciphertext }))
  const same = opened.equals(sealing.plaintext)
  opened.fill(0)
  if (!same) throw hsmError('HSM-DEVICE-ERROR', 'the token does not open what it sealed')
  return sealed
}

/** With room for a nonce of the token's own behind the tag. */
function encryptUnder(
  token: TokenSession,
  { key, aad, plaintext }: Sealing,
  nonce: Uint8Array,
): Uint8Array | Promise<Uint8Array> {
  const handle = token.find({ id: key.id, class: 'secret' })
  const mechanism = gcm(nonce, aad, tagBits)
  const room = plaintext.length + tagBits / 8 + Math.max(...ownNonceBytes)
  return perform<Uint8Array>(token, {
    pace: token.paces.encrypt.of(paceOf(mechanism, plaintext)),
    doing: 'sealing',
    begin: (session) => token.module.begin('C_EncryptInit', session, mechanism, handle, 'sealing'),
    now: (session) => token.module.finish('C_Encrypt', session, plaintext, room, 'sealing'),
    later: (session) => token.module.p11.C_EncryptAsync(session, asBuffer(plaintext), Buffer.alloc(room)),
    explain: explainRefusal(token, handle, CKM.AES_GCM, `CKM_AES_GCM with a tag of ${tagBits} bits`),
  })
}

/** Some libraries take a nonce of zeros alone, to write theirs over. */
async function sealedUnderWritten(token: TokenSession, sealing: Sealing): Promise<Sealed> {
  const nonce = Buffer.alloc(gcmNonceBytes)
  const ciphertext = await encryptUnder(token, sealing, nonce)
  if (nonce.every((byte) => byte === 0)) throw hsmError('HSM-DEVICE-ERROR', 'the token tells no nonce')
  return { nonce, ciphertext }
}

async function sealedUnderGiven(token: TokenSession, sealing: Sealing): Promise<Sealed> {
  const { plaintext } = sealing
  // A token of which nobody knew may write its own over it.
  const nonce = Buffer.from(sealing.nonce)
  try {
    const ciphertext = await encryptUnder(token, sealing, nonce)
    return { nonce, ciphertext }
  } catch (error) {
    if (ckrOf(error) !== CKR.MECHANISM_PARAM_INVALID) throw error
    const made = await encryptUnder(token, sealing, new Uint8Array(0))
    const tagged = plaintext.length + tagBits / 8
    if (!ownNonceBytes.includes(made.length - tagged)) throw error
    return { nonce: made.subarray(tagged), ciphertext: made.subarray(0, tagged) }
  }
}
