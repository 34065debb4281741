import {
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { CKK, CKO } from '../../constants.ts'
import { hsmError } from '../../hsm-errors.ts'
import { CKA, is, num, raw } from '../library/attributes.ts'
import { curveByJwk, curveByParams, ed25519Params, octetString } from '../library/curves.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle } from '../library/module.ts'
import type { TokenSession } from '../session/session.ts'
import { named } from './read-back.ts'

/** Made once, because that takes long. What is wrapped to it is a scratch key. */
let scratchSpki: Uint8Array | null = null

const maxSpkiBytes = 4096
const ed25519Bytes = 32

function need(token: TokenSession, handle: Handle, type: number): Buffer {
  const value = token.module.getAttribute(token.session, handle, type)
  if (value === 'absent')
    throw hsmError('HSM-DEVICE-ERROR', `a public key has no attribute 0x${type.toString(16)}`)
  return value
}

function exportSpki(jwk: JsonWebKey): Uint8Array {
  try {
    return new Uint8Array(
      createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' }),
    )
  } catch {
    throw hsmError('HSM-DEVICE-ERROR', 'the token’s public key is not valid')
  }
}

/** DER SubjectPublicKeyInfo of an RSA or EC public key object. */
export function readSpki(token: TokenSession, handle: Handle): Uint8Array {
  const keyType = Number(need(token, handle, CKA.KEY_TYPE).readBigUInt64LE())
  if (keyType === CKK.RSA) {
    const n = need(token, handle, CKA.MODULUS).toString('base64url')
    const e = need(token, handle, CKA.PUBLIC_EXPONENT).toString('base64url')
    return exportSpki({ kty: 'RSA', n, e })
  }
  // EC_POINT is a DER OCTET STRING around the point; some tokens give the bare point.
  const point = need(token, handle, CKA.EC_POINT)
  if (keyType === CKK.EC_EDWARDS) {
    const at = point.length - ed25519Bytes
    if (at !== 0 && at !== 2) throw hsmError('HSM-UNSUPPORTED', 'of the Edwards curves only Ed25519 is read')
    return exportSpki({ kty: 'OKP', crv: 'Ed25519', x: point.subarray(at).toString('base64url') })
  }
  if (keyType !== CKK.EC) throw hsmError('HSM-UNSUPPORTED', 'only RSA, EC and Ed25519 public keys are read')
  const oid = need(token, handle, CKA.EC_PARAMS).toString('hex')
  const curve = curveByParams(oid)
  if (!curve) throw hsmError('HSM-UNSUPPORTED', `the curve ${oid} is not known`)
  const at = point.length - (1 + 2 * curve.bytes)
  if (at < 0 || point[at] !== 4)
    throw hsmError('HSM-DEVICE-ERROR', 'the token’s EC point is not uncompressed')
  const x = point.subarray(at + 1, at + 1 + curve.bytes).toString('base64url')
  const y = point.subarray(at + 1 + curve.bytes).toString('base64url')
  return exportSpki({ kty: 'EC', crv: curve.crv, x, y })
}

function parse(spki: Uint8Array): { key: KeyObject; jwk: JsonWebKey } {
  if (spki.length > maxSpkiBytes) throw hsmError('HSM-DATA-INVALID', 'the public key is too long')
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    return { key, jwk: key.export({ format: 'jwk' }) }
  } catch {
    throw hsmError('HSM-DATA-INVALID', 'the public key is not a DER SubjectPublicKeyInfo')
  }
}

/** Attributes that give a token this public key, from DER SubjectPublicKeyInfo. */
export function publicKeyAttributes(spki: Uint8Array): {
  keyType: number
  bits: number
  attributes: Attribute[]
} {
  const { key, jwk } = parse(spki)
  if (jwk.kty === 'RSA' && jwk.n && jwk.e) {
    const n = Buffer.from(jwk.n, 'base64url')
    return {
      keyType: CKK.RSA,
      bits: key.asymmetricKeyDetails?.modulusLength ?? 0,
      attributes: [raw('MODULUS', n), raw('PUBLIC_EXPONENT', Buffer.from(jwk.e, 'base64url'))],
    }
  }
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && jwk.x) {
    return {
      keyType: CKK.EC_EDWARDS,
      bits: 256,
      attributes: [
        raw('EC_PARAMS', Buffer.from(ed25519Params.oid, 'hex')),
        raw('EC_POINT', octetString(Buffer.from(jwk.x, 'base64url'))),
      ],
    }
  }
  const curve = jwk.crv ? curveByJwk(jwk.crv) : undefined
  const point = ecPoint(jwk)
  if (!curve || !point)
    throw hsmError('HSM-UNSUPPORTED', 'only RSA, P-256, P-384, P-521 and Ed25519 public keys are taken')
  return {
    keyType: CKK.EC,
    bits: curve.bytes * 8,
    attributes: [raw('EC_PARAMS', Buffer.from(curve.oid, 'hex')), raw('EC_POINT', octetString(point))],
  }
}

function ecPoint({ kty, x, y }: JsonWebKey): Buffer | null {
  if (kty !== 'EC' || !x || !y) return null
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
}

/** 04 || x || y of an EC public key, from DER SubjectPublicKeyInfo. */
export function uncompressedPoint(spki: Uint8Array): { point: Buffer; crv: string } {
  const { jwk } = parse(spki)
  const point = ecPoint(jwk)
  if (!point || !jwk.crv || !curveByJwk(jwk.crv))
    throw hsmError('HSM-UNSUPPORTED', 'the other public key is on no curve that we know')
  return { point, crv: jwk.crv }
}

export const isRsa = (attributes: { keyType: number }): boolean => attributes.keyType === CKK.RSA

/** A public key of this process, as a session object that wraps. Its private half is thrown away. */
export function scratchPublicKey(): Attribute[] {
  scratchSpki ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    format: 'der',
    type: 'spki',
  })
  return [
    num('CLASS', CKO.PUBLIC_KEY),
    num('KEY_TYPE', CKK.RSA),
    ...named(randomBytes(16).toString('hex'), 'probe'),
    ...publicKeyAttributes(scratchSpki).attributes,
    is('TOKEN', false),
    is('WRAP', true),
  ]
}
