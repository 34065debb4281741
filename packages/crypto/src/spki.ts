import { p256, p384 } from '@noble/curves/nist.js'
import { concatBytes, equalBytes } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { sha256Hex } from './hash.ts'
import { fromHex } from './hex.ts'

/** An RSA public key, both numbers unsigned, most significant byte first, without leading zeros. */
type RsaPublicKey = { readonly modulus: Uint8Array; readonly exponent: Uint8Array }

const rsaEncryption = fromHex('2a864886f70d010101')
const noUnusedBits = Uint8Array.of(0)

/**
 * SubjectPublicKeyInfo of an RSA key, RFC 8017 A.1: modulus of 2048 to 8192 bits, odd exponent of 65537 or more and
 * at most 8 bytes. Throws FormatError `SPKI-RSA`.
 */
export function rsaSpki({ modulus, exponent }: RsaPublicKey): Uint8Array {
  const n = withoutLeadingZeros(modulus)
  const e = withoutLeadingZeros(exponent)
  if (n.length < 256 || n.length > 1024 || (n[0] ?? 0) < 0x80 || isEven(n)) {
    throw new FormatError('SPKI-RSA', 'the modulus is not an odd number of 2048 to 8192 bits')
  }
  if (e.length < 3 || e.length > 8 || isEven(e)) {
    throw new FormatError('SPKI-RSA', 'the exponent is not an odd number from 65537 to 8 bytes')
  }
  return element(
    tag.sequence,
    element(tag.sequence, element(tag.objectIdentifier, rsaEncryption), element(tag.null)),
    element(tag.bitString, noUnusedBits, element(tag.sequence, unsignedInteger(n), unsignedInteger(e))),
  )
}

/** The key of a SubjectPublicKeyInfo, which must be the exact DER of `rsaSpki`. Throws FormatError `SPKI-SHAPE` or `SPKI-RSA`. */
export function rsaFromSpki(spki: Uint8Array): RsaPublicKey {
  const key = read(spki)
  // Encoding again refuses every other form: long lengths, padding, trailing bytes, other parameters.
  if (key === null || !equalBytes(rsaSpki(key), spki))
    throw new FormatError('SPKI-SHAPE', 'not an RSA key in DER')
  return key
}

function read(spki: Uint8Array): RsaPublicKey | null {
  if (spki.length > 1100) return null
  const outer = splitElement(spki, tag.sequence)
  const algorithm = outer && splitElement(outer.content, tag.sequence)
  const bits = algorithm && splitElement(algorithm.rest, tag.bitString)
  const numbers = bits && splitElement(bits.content.subarray(1), tag.sequence)
  const modulus = numbers && splitElement(numbers.content, tag.integer)
  const exponent = modulus && splitElement(modulus.rest, tag.integer)
  if (!exponent) return null
  return { modulus: withoutLeadingZeros(modulus.content), exponent: withoutLeadingZeros(exponent.content) }
}

function isEven(n: Uint8Array): boolean {
  return (n.at(-1) ?? 0) % 2 === 0
}

const tag = {
  integer: 0x02,
  bitString: 0x03,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
} as const

/** One DER element: tag, minimal definite length, content. ITU-T X.690. */
function element(tagByte: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...content)
  return concatBytes(Uint8Array.of(tagByte), length(body.length), body)
}

/** INTEGER of an unsigned number given most significant byte first; leading zeros are dropped. */
function unsignedInteger(magnitude: Uint8Array): Uint8Array {
  const digits = withoutLeadingZeros(magnitude)
  const needsSign = digits.length === 0 || (digits[0] ?? 0) >= 0x80
  return element(tag.integer, needsSign ? Uint8Array.of(0) : new Uint8Array(0), digits)
}

function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0)
  return start < 0 ? new Uint8Array(0) : bytes.slice(start)
}

/** Splits off the first element, whose tag must be the given one; null on anything that is not plain DER. */
function splitElement(
  bytes: Uint8Array,
  tagByte: number,
): { readonly content: Uint8Array; readonly rest: Uint8Array } | null {
  if (bytes[0] !== tagByte) return null
  const first = bytes[1]
  if (first === undefined || first === 0x80 || first > 0x82) return null
  const extra = first < 0x80 ? 0 : first - 0x80
  let size = extra === 0 ? first : 0
  for (let i = 0; i < extra; i++) size = size * 256 + (bytes[2 + i] ?? 0)
  const start = 2 + extra
  if (bytes.length < start + size) return null
  return { content: bytes.subarray(start, start + size), rest: bytes.subarray(start + size) }
}

function length(n: number): Uint8Array {
  if (n < 0x80) return Uint8Array.of(n)
  if (n < 0x100) return Uint8Array.of(0x81, n)
  if (n < 0x10000) return Uint8Array.of(0x82, n >> 8, n & 0xff)
  throw new RangeError(`content: at most 65535 bytes, got ${n}`)
}

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

/** Fingerprint of a public key: SHA-256 of its DER SubjectPublicKeyInfo, 64 hexadecimal digits. */
export function keyFingerprint(spki: Uint8Array): string {
  return sha256Hex(spki)
}
