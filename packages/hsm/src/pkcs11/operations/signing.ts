import { createHash } from 'node:crypto'
import { CKM, mechanismName } from '../../constants.ts'
import type { HashName, KeyRef, Signature, SignInput, SignMechanism } from '../../device.ts'
import { HsmError } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { asBuffer } from '../library/memory.ts'
import { forPkcs11js, type Mechanism } from '../library/module.ts'
import { hashes, hmacMechanisms, pss } from '../library/parameters.ts'
import { explainRefusal, perform, type Work } from '../session/perform.ts'
import { LoginForUse, type UsePin } from '../session/pin-pad.ts'
import type { TokenSession } from '../session/session.ts'

/** Enough for RSA-4096 (512 bytes). */
const maxSignatureBytes = 1024

type Plan = {
  readonly mechanism: Mechanism
  readonly data: Uint8Array
  readonly hashedBy: Signature['hashedBy']
  readonly keyClass: { readonly sign: KeyRef['class']; readonly verify: KeyRef['class'] }
}

const pair = { sign: 'private', verify: 'public' } as const
const secret = { sign: 'secret', verify: 'secret' } as const

function digestOf(hash: HashName, input: SignInput): Uint8Array {
  if ('message' in input) return createHash(hash).update(input.message).digest()
  const expected = hashes[hash].bytes
  if (input.digest.length !== expected)
    throw new RangeError(`digest: expected ${expected} bytes of ${hash}, got ${input.digest.length}`)
  return input.digest
}

function messageOf(kind: string, input: SignInput): Uint8Array {
  if (!('message' in input)) throw new RangeError(`input: ${kind} takes a message, not a digest`)
  return input.message
}

/** The mechanism that also hashes is used where the token lists it and the key allows it; else the digest is made here. */
function plan(
  token: TokenSession,
  keyId: string,
  mechanism: SignMechanism,
  input: SignInput,
  does: 'sign' | 'verify',
): Plan {
  const hashing = (number: number): boolean => {
    if (!('message' in input) || !token.has(number, does)) return false
    const allowed = token.allowedMechanisms(token.find({ id: keyId, class: pair[does] }))
    return allowed === null || allowed.includes(number)
  }
  switch (mechanism.kind) {
    case 'eddsa':
      return {
        mechanism: { mechanism: CKM.EDDSA },
        data: messageOf('eddsa', input),
        hashedBy: 'token',
        keyClass: pair,
      }
    case 'hmac':
      return {
        mechanism: { mechanism: hmacMechanisms[mechanism.hash] },
        data: messageOf('hmac', input),
        hashedBy: 'token',
        keyClass: secret,
      }
    case 'ecdsa': {
      const { ecdsa } = hashes[mechanism.hash]
      return hashing(ecdsa)
        ? { mechanism: { mechanism: ecdsa }, data: messageOf('', input), hashedBy: 'token', keyClass: pair }
        : {
            mechanism: { mechanism: CKM.ECDSA },
            data: digestOf(mechanism.hash, input),
            hashedBy: 'host',
            keyClass: pair,
          }
    }
    case 'rsa-pkcs1': {
      const { rsa, digestInfo } = hashes[mechanism.hash]
      return hashing(rsa)
        ? { mechanism: { mechanism: rsa }, data: messageOf('', input), hashedBy: 'token', keyClass: pair }
        : {
            mechanism: { mechanism: CKM.RSA_PKCS },
            data: Buffer.concat([Buffer.from(digestInfo, 'hex'), digestOf(mechanism.hash, input)]),
            hashedBy: 'host',
            keyClass: pair,
          }
    }
    case 'rsa-pss': {
      const { pss: number, bytes } = hashes[mechanism.hash]
      const salt = mechanism.saltLength ?? bytes
      return hashing(number)
        ? {
            mechanism: pss(number, mechanism.hash, salt),
            data: messageOf('', input),
            hashedBy: 'token',
            keyClass: pair,
          }
        : {
            mechanism: pss(CKM.RSA_PKCS_PSS, mechanism.hash, salt),
            data: digestOf(mechanism.hash, input),
            hashedBy: 'host',
            keyClass: pair,
          }
    }
  }
}

const inWords = (m: SignMechanism, number: number) =>
  'hash' in m ? `${mechanismName(number)} with ${m.hash}` : mechanismName(number)

/** r || s of the three curves; the modulus of the three sizes. */
const ecdsaBytes: ReadonlySet<number> = new Set([64, 96, 132])
const rsaBytes: ReadonlySet<number> = new Set([256, 384, 512])

function isPlausible(mechanism: SignMechanism, { length }: Uint8Array): boolean {
  switch (mechanism.kind) {
    case 'ecdsa':
      return ecdsaBytes.has(length)
    case 'eddsa':
      return length === 64
    case 'hmac':
      return length === hashes[mechanism.hash].bytes
    case 'rsa-pkcs1':
    case 'rsa-pss':
      return rsaBytes.has(length)
  }
}

export function sign(
  token: TokenSession,
  options: { key: KeyRef; mechanism: SignMechanism; input: SignInput } & UsePin,
): Signature | Promise<Signature> {
  token.requireUser()
  const { mechanism, data, hashedBy, keyClass } = plan(
    token,
    options.key.id,
    options.mechanism,
    options.input,
    'sign',
  )
  const number = mechanism.mechanism
  token.requireMechanism(number, 'sign')
  const key = token.find({ id: options.key.id, class: keyClass.sign })
  const { p11 } = token.module
  const login = new LoginForUse(token, options)
  const work: Work<Signature> = {
    pace: token.paces.sign.of(number, options.key.id),
    doing: 'signing',
    begin: (session) => {
      token.module.begin('C_SignInit', session, mechanism, key, 'signing')
      login.logIn(session)
    },
    now: (session) => ({
      signature: token.module.finish('C_Sign', session, data, maxSignatureBytes, 'signing'),
      hashedBy,
    }),
    later: async (session) => ({
      signature: await p11.C_SignAsync(session, asBuffer(data), Buffer.allocUnsafe(maxSignatureBytes)),
      hashedBy,
    }),
    explain: (error) => explainRefusal(token, key, number, inWords(options.mechanism, number))(error),
    plausible: ({ signature }) => isPlausible(options.mechanism, signature),
    inline: login.asked,
    spent: login.spent,
  }
  return perform(token, work)
}

export function verify(
  token: TokenSession,
  options: { key: KeyRef; mechanism: SignMechanism; input: SignInput; signature: Uint8Array },
): boolean | Promise<boolean> {
  const { mechanism, data, keyClass } = plan(
    token,
    options.key.id,
    options.mechanism,
    options.input,
    'verify',
  )
  if (keyClass.verify === 'secret') token.requireUser()
  const number = mechanism.mechanism
  token.requireMechanism(number, 'verify')
  const key = token.find({ id: options.key.id, class: keyClass.verify })
  const { p11 } = token.module
  const js = forPkcs11js(mechanism)
  const signature = asBuffer(options.signature)
  const input = asBuffer(data)
  const answer = (error: unknown): boolean => {
    if (error instanceof HsmError && error.code === 'HSM-SIGNATURE-INVALID') return false
    throw error
  }
  try {
    const done = perform<boolean>(token, {
      pace: token.paces.verify.of(number, options.key.id),
      doing: 'verifying',
      begin: (session) => p11.C_VerifyInit(session, js, key),
      now: (session) => p11.C_Verify(session, input, signature),
      later: (session) => p11.C_VerifyAsync(session, input, signature),
      explain: (error) => explainRefusal(token, key, number, inWords(options.mechanism, number))(error),
    })
    return typeof done === 'boolean' ? done : done.catch(answer)
  } catch (error) {
    return answer(error)
  }
}

const onlySignature = (made: Signature | Promise<Signature>): Uint8Array | Promise<Uint8Array> =>
  made instanceof Promise ? made.then(({ signature }) => signature) : made.signature

/** The token hashes nothing: the digest is the message of CKM_ECDSA. */
export function signEcdsa(
  token: TokenSession,
  { key, digest }: { key: KeyRef; digest: Uint8Array },
): Uint8Array | Promise<Uint8Array> {
  const hash = digest.length === 32 ? 'sha256' : digest.length === 48 ? 'sha384' : null
  if (!hash) throw new RangeError(`digest: expected 32 or 48 bytes, got ${digest.length}`)
  return onlySignature(sign(token, { key, mechanism: { kind: 'ecdsa', hash }, input: { digest } }))
}

export function hmac(
  token: TokenSession,
  { key, message, hash = 'sha256' }: { key: KeyRef; message: Uint8Array; hash?: Exclude<HashName, 'sha1'> },
): Uint8Array | Promise<Uint8Array> {
  if (!(hash in hmacMechanisms)) throw hsmError('HSM-UNSUPPORTED', `HMAC with ${hash}`)
  return onlySignature(sign(token, { key, mechanism: { kind: 'hmac', hash }, input: { message } }))
}
