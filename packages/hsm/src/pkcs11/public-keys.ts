import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { hsmError } from '../hsm-errors.ts'
import { CKA, raw } from './attributes.ts'
import { CKK } from './constants.ts'
import type { Attribute } from './memory.ts'
import type { Handle } from './module.ts'
import type { TokenSession } from './session.ts'

const curveOf: Readonly<Record<string, { crv: string; size: number; oid: string }>> = {
  'P-256': { crv: 'P-256', size: 32, oid: '06082a8648ce3d030107' },
  'P-384': { crv: 'P-384', size: 48, oid: '06052b81040022' },
}

const maxSpkiBytes = 4096

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
  if (keyType !== CKK.EC) throw hsmError('HSM-FUNCTION-MISSING', 'only RSA and EC public keys are read')
  const oid = need(token, handle, CKA.EC_PARAMS).toString('hex')
  const curve = Object.values(curveOf).find((c) => c.oid === oid)
  if (!curve) throw hsmError('HSM-FUNCTION-MISSING', `the curve ${oid} is not known`)
  // EC_POINT is a DER OCTET STRING around 04 || x || y; some tokens give the bare point.
  const point = need(token, handle, CKA.EC_POINT)
  const bare = 1 + 2 * curve.size
  const at = point.length - bare
  if (at < 0 || point[at] !== 4)
    throw hsmError('HSM-DEVICE-ERROR', 'the token’s EC point is not uncompressed')
  const x = point.subarray(at + 1, at + 1 + curve.size).toString('base64url')
  const y = point.subarray(at + 1 + curve.size).toString('base64url')
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
  const curve = jwk.crv ? curveOf[jwk.crv] : undefined
  if (jwk.kty !== 'EC' || !curve || !jwk.x || !jwk.y) {
    throw hsmError('HSM-FUNCTION-MISSING', 'only RSA, P-256 and P-384 public keys are taken')
  }
  const point = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(jwk.x, 'base64url'),
    Buffer.from(jwk.y, 'base64url'),
  ])
  return {
    keyType: CKK.EC,
    bits: curve.size * 8,
    attributes: [
      raw('EC_PARAMS', Buffer.from(curve.oid, 'hex')),
      raw('EC_POINT', Buffer.concat([Buffer.from([4, point.length]), point])),
    ],
  }
}

export const isRsa = (attributes: { keyType: number }): boolean => attributes.keyType === CKK.RSA
