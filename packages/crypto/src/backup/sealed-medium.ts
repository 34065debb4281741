import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { concatBytes, equalBytes, lp, utf8, wipe } from '../bytes.ts'
import { encodeCanonical, type Json, parseCanonical } from '../canonical-json.ts'
import { FormatError } from '../format-error.ts'
import { hkdfSha256, sha256Hex } from '../hash.ts'
import { fromHex, toHex } from '../hex.ts'
import { accept, type Outcome, refuse } from '../outcome.ts'
import type { Entropy } from '../random.ts'
import { Secret } from '../secret.ts'
import type { Domain } from '../sign/context.ts'

const magic = utf8('lux-bak1')
const tagLength = 16
const nonceLength = 24
// RSA-4096: what OAEP gives is as long as the modulus, and the private key in PKCS #8 is about 2380 bytes.
const wrappedLength = 512
const mostPrivateKey = 4096
const leastSealed = 4 + wrappedLength + 4 + 1 + tagLength
const mostSealed = leastSealed + mostPrivateKey - 1
const mostHeader = 4096
const most = magic.length + 4 + mostHeader + mostSealed

/** What a medium says in the open. Hex is lower case. */
export type MediumHeader = {
  readonly domain: Domain
  /** Ceremony of the root's birth, 16 bytes in hex, and the id of the root in its plan. */
  readonly ceremonyId: string
  readonly key: string
  /** 16 random bytes in hex that name the backup, and the identifier of its shares. */
  readonly set: string
  readonly identifier: number
  readonly t: number
  readonly n: number
  /** SHA-256 of the DER SPKI of the pair to which the root was wrapped. */
  readonly publicKey: string
  /** How the root was wrapped, and SHA-256 of that. */
  readonly mechanism: 'RSA-OAEP-SHA1' | 'RSA-OAEP-SHA256'
  readonly wrapped: string
  /** What each share is checked by alone, share i at i - 1. */
  readonly shares: readonly string[]
}

/** A medium as it lies on a stick: nothing of it is secret without the shared secret. */
export type SealedMedium = {
  readonly header: MediumHeader
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

/** What a medium holds: the root as the window wrapped it, and the private key in PKCS #8. Together they are the root. */
type MediumContent = { readonly wrapped: Uint8Array; readonly privateKey: Secret }

/**
 * Seals a root's backup under the shared secret. Throws RangeError on a header or a content that has no form, and where
 * `wrapped` of the header is not that of the content.
 */
export function sealMedium(
  header: MediumHeader,
  content: MediumContent,
  { secret, entropy }: { readonly secret: Secret; readonly entropy: Entropy },
): Uint8Array {
  const { wrapped, privateKey } = content
  if (wrapped.length !== wrappedLength) throw new RangeError(`wrapped: expected ${wrappedLength} bytes`)
  if (privateKey.length < 1 || privateKey.length > mostPrivateKey) {
    throw new RangeError(`privateKey: expected 1 to ${mostPrivateKey} bytes, got ${privateKey.length}`)
  }
  if (sha256Hex(wrapped) !== header.wrapped) throw new RangeError('header: names another wrapped root')
  const nonce = entropy.bytes(nonceLength)
  if (nonce.length !== nonceLength) throw new RangeError(`entropy: gave ${nonce.length} bytes, expected 24`)
  const aad = openPart(header, nonce)
  const key = mediumKey(header, secret)
  const plaintext = concatBytes(lp(wrapped), privateKey.use(lp))
  const sealed = xchacha20poly1305(key, nonce, aad).encrypt(plaintext)
  wipe(key)
  wipe(plaintext)
  return concatBytes(aad, sealed)
}

/** The bytes of a medium that `parseMedium` gave. */
export function encodeMedium({ header, nonce, sealed }: SealedMedium): Uint8Array {
  return concatBytes(openPart(header, nonce), sealed)
}

/** Strict parser. BACKUP-MEDIUM-TYPE, BACKUP-MEDIUM-LENGTH, BACKUP-MEDIUM-HEADER. */
export function parseMedium(bytes: Uint8Array): Outcome<SealedMedium> {
  if (bytes.length < magic.length || !equalBytes(bytes.subarray(0, magic.length), magic)) {
    return refuse('BACKUP-MEDIUM-TYPE', 'not a sealed backup')
  }
  const start = magic.length + 4
  const length = readU32(bytes, magic.length)
  const rest = bytes.length - start - (length ?? 0)
  if (
    length === null ||
    length > mostHeader ||
    bytes.length > most ||
    rest < leastSealed ||
    rest > mostSealed
  ) {
    return refuse('BACKUP-MEDIUM-LENGTH', `${bytes.length} bytes: cut short, or too long`)
  }
  const headerBytes = bytes.slice(start, start + length)
  try {
    const parsed = toHeader(parseCanonical(headerBytes, { maxBytes: mostHeader }))
    const again = encodeCanonical(headerJson(parsed.header, parsed.nonce))
    if (!equalBytes(again, headerBytes)) {
      return refuse('BACKUP-MEDIUM-HEADER', 'the header has other members')
    }
    return accept({ ...parsed, sealed: bytes.slice(start + length) })
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return refuse('BACKUP-MEDIUM-HEADER', `the header is not as it is written: ${error.detail}`)
  }
}

/** Opens what `sealMedium` made. BACKUP-MEDIUM-INTEGRITY for the secret of another backup and for changed bytes. */
export function openMedium({ header, nonce, sealed }: SealedMedium, secret: Secret): Outcome<MediumContent> {
  const key = mediumKey(header, secret)
  let plaintext: Uint8Array
  try {
    plaintext = xchacha20poly1305(key, nonce, openPart(header, nonce)).decrypt(sealed)
  } catch {
    return refuse('BACKUP-MEDIUM-INTEGRITY', 'the secret of another backup, or the bytes were changed')
  } finally {
    wipe(key)
  }
  const [wrapped, privateKey, ...more] = prefixed(plaintext) ?? []
  wipe(plaintext)
  const whole = wrapped !== undefined && privateKey !== undefined && more.length === 0
  if (whole && privateKey.length > 0 && sha256Hex(wrapped) === header.wrapped) {
    return accept({ wrapped, privateKey: Secret.take(privateKey) })
  }
  for (const part of [wrapped, privateKey, ...more]) if (part) wipe(part)
  return refuse('BACKUP-MEDIUM-INTEGRITY', 'what was sealed is not what its header says')
}

/** `lux-bak1` || lp(JCS(header)): what stands before the sealed bytes, and is bound to them. */
function openPart(header: MediumHeader, nonce: Uint8Array): Uint8Array {
  try {
    const exact = toHeader(headerJson(header, nonce))
    return concatBytes(magic, lp(encodeCanonical(headerJson(exact.header, exact.nonce))))
  } catch (error) {
    throw error instanceof FormatError ? new RangeError(`header: ${error.detail}`) : error
  }
}

function mediumKey({ domain, set }: MediumHeader, secret: Secret): Uint8Array {
  if (secret.length !== 32) throw new RangeError(`secret: expected 32 bytes, got ${secret.length}`)
  const info = utf8(`lux-custody/backup-medium/v1/${domain}`)
  return secret.use((bytes) => hkdfSha256(bytes, fromHex(set), info, 32))
}

function headerJson(header: MediumHeader, nonce: Uint8Array): Json {
  return { v: 1, kind: 'backup-medium', ...header, shares: [...header.shares], nonce: toHex(nonce) }
}

/** The header that JSON says, its members one by one; throws FormatError BACKUP-MEDIUM-HEADER. */
function toHeader(json: Json): { header: MediumHeader; nonce: Uint8Array } {
  const members =
    typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.entries(json) : []
  const wrong = (name: string): FormatError =>
    new FormatError('BACKUP-MEDIUM-HEADER', `${name} is missing or malformed`)
  const member = (name: string): unknown => members.find(([key]) => key === name)?.[1]
  const text = (name: string, pattern: RegExp): string => {
    const value = member(name)
    if (typeof value !== 'string' || !pattern.test(value)) throw wrong(name)
    return value
  }
  const whole = (name: string, least: number, greatest: number): number => {
    const value = member(name)
    if (typeof value !== 'number' || value < least || value > greatest) throw wrong(name)
    return value
  }
  const oneOf = <const Word extends string>(name: string, words: readonly Word[]): Word => {
    const found = words.find((word) => word === member(name))
    if (found === undefined) throw wrong(name)
    return found
  }
  whole('v', 1, 1)
  oneOf('kind', ['backup-medium'])
  const n = whole('n', 2, 16)
  const shares = member('shares')
  if (!Array.isArray(shares) || shares.length !== n) throw wrong('shares')
  const header = {
    domain: oneOf('domain', ['production', 'rehearsal']),
    ceremonyId: text('ceremonyId', hex16),
    key: text('key', /^[a-z0-9][a-z0-9-]{0,63}$/),
    set: text('set', hex16),
    identifier: whole('identifier', 0, 0x7fff),
    t: whole('t', 2, n),
    n,
    publicKey: text('publicKey', digest),
    mechanism: oneOf('mechanism', ['RSA-OAEP-SHA1', 'RSA-OAEP-SHA256']),
    wrapped: text('wrapped', digest),
    shares: shares.map((share) => {
      if (typeof share !== 'string' || !digest.test(share)) throw wrong('shares')
      return share
    }),
  }
  return { header, nonce: fromHex(text('nonce', /^[0-9a-f]{48}$/)) }
}

const hex16 = /^[0-9a-f]{32}$/
const digest = /^[0-9a-f]{64}$/

/** The parts of lp(a) || lp(b) …, or null where the last is not whole. */
function prefixed(bytes: Uint8Array): Uint8Array[] | null {
  const parts: Uint8Array[] = []
  let at = 0
  while (at < bytes.length && parts.length < 3) {
    const length = readU32(bytes, at)
    if (length === null || at + 4 + length > bytes.length) {
      for (const part of parts) wipe(part)
      return null
    }
    parts.push(bytes.slice(at + 4, at + 4 + length))
    at += 4 + length
  }
  return parts
}

function readU32(bytes: Uint8Array, at: number): number | null {
  return bytes.length < at + 4
    ? null
    : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at)
}
