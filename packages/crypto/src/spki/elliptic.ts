import { p256, p384 } from '@noble/curves/nist.js'
import { concatBytes, equalBytes } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { fromHex } from '../hex.ts'

/** Curves whose keys are made in ceremonies. */
type EllipticCurve = 'P-256' | 'P-384'

// Everything before the point is constant: SEQUENCE { SEQUENCE { id-ecPublicKey, curve }, BIT STRING }. RFC 5480.
const curves = {
  'P-256': {
    curve: p256,
    prefix: fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200'),
    pointLength: 65,
  },
  'P-384': {
    curve: p384,
    prefix: fromHex('3076301006072a8648ce3d020106052b81040022036200'),
    pointLength: 97,
  },
} as const

/** SubjectPublicKeyInfo of an uncompressed SEC1 point. Throws FormatError `SPKI-POINT` when it is not on the curve. */
export function ecSpkiFromSec1(curve: EllipticCurve, point: Uint8Array): Uint8Array {
  checkPoint(curve, point)
  return concatBytes(curves[curve].prefix, point)
}

/** Uncompressed SEC1 point of a SubjectPublicKeyInfo. Throws FormatError `SPKI-SHAPE` or `SPKI-POINT`. */
export function sec1FromEcSpki(curve: EllipticCurve, spki: Uint8Array): Uint8Array {
  const { prefix } = curves[curve]
  if (!equalBytes(spki.subarray(0, prefix.length), prefix)) {
    throw new FormatError('SPKI-SHAPE', `not an uncompressed ${curve} key`)
  }
  const point = spki.slice(prefix.length)
  checkPoint(curve, point)
  return point
}

function checkPoint(name: EllipticCurve, point: Uint8Array): void {
  const { curve, pointLength } = curves[name]
  if (point.length !== pointLength || point[0] !== 4 || !curve.utils.isValidPublicKey(point, false)) {
    throw new FormatError('SPKI-POINT', `not an uncompressed point of ${name}`)
  }
}
