import { equalBytes } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { fromHex } from '../hex.ts'
import { element, splitElement, tag, unsignedInteger, withoutLeadingZeros } from './der.ts'

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
