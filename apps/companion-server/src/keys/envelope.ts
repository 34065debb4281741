import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from 'node:crypto'
import { concatBytes, equalBytes, lp, sha256, u32be, utf8, wipe } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../refusal.ts'

/**
 * Layout, bytes: magic 4 | format 1 | algorithm 1 | key id 16 | version u32be | salt 32 | commitment 32 |
 * ciphertext | tag 16. key | nonce 12 | commitment = HKDF-SHA-256(K, salt, "custody-env-1" | header before salt):
 * a fresh key and nonce for each message, and a commitment to the key that is compared before GCM runs.
 */
const envelopeMagic = utf8('LUXE')

const envelopeFormat = 1

const label = utf8('custody-env-1')
const headLength = 26
const saltLength = 32
const commitmentLength = 32
const nonceLength = 12
const tagLength = 16
const prefixLength = headLength + saltLength + commitmentLength

/** Bytes that an envelope adds to its plaintext: 106. */
export const envelopeOverhead = prefixLength + tagLength

export type EnvelopeAlgorithm = 'aes-256-gcm' | 'aes-128-gcm'

const algorithms: Readonly<Record<EnvelopeAlgorithm, { code: number; keyLength: number }>> = {
  'aes-256-gcm': { code: 1, keyLength: 32 },
  'aes-128-gcm': { code: 2, keyLength: 16 },
}

/** Where a key stands: bound into every message, so that none can be moved to another key, version or project. */
export type EnvelopeContext = {
  readonly algorithm: EnvelopeAlgorithm
  /** 16 bytes. */
  readonly keyId: Uint8Array
  readonly version: number
  readonly organisation: string
  readonly project: string
  /** The caller's; absent is empty. */
  readonly aad?: Uint8Array
}

export type EnvelopeHead = {
  readonly algorithm: EnvelopeAlgorithm
  readonly keyId: Uint8Array
  readonly version: number
}

/** The 16 bytes by which an envelope names a key: a UUID's own, else the first of SHA-256("custody-key-id-1" | 0 | id). */
export function envelopeKeyId(id: string): Uint8Array {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
    return Buffer.from(id.replaceAll('-', ''), 'hex')
  return sha256(utf8('custody-key-id-1'), Uint8Array.of(0), utf8(id)).slice(0, 16)
}

/** Encrypts under a data key with 32 bytes of fresh salt. Throws RangeError on lengths that do not fit. */
export function sealEnvelope(
  key: Uint8Array,
  context: EnvelopeContext,
  plaintext: Uint8Array,
  salt: Uint8Array,
): Uint8Array {
  if (salt.length !== saltLength)
    throw new RangeError(`salt: expected ${saltLength} bytes, got ${salt.length}`)
  const head = encodeHead(context)
  const material = derive(key, context.algorithm, salt, head)
  try {
    const prefix = concatBytes(head, salt, material.commitment)
    const cipher = createCipheriv(context.algorithm, createSecretKey(material.key), material.nonce, {
      authTagLength: tagLength,
    })
    cipher.setAAD(additionalData(prefix, context))
    return concatBytes(prefix, cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
  } finally {
    wipe(material.bytes)
  }
}

/** The key and version that an envelope names, nothing yet verified. Refuses `ENVELOPE-MALFORMED`. */
export function readEnvelopeHead(envelope: Uint8Array): Outcome<EnvelopeHead> {
  if (envelope.length < envelopeOverhead) return malformed(`${envelope.length} bytes are too few`)
  if (!envelopeMagic.every((byte, index) => envelope[index] === byte)) return malformed('not an envelope')
  if (envelope[4] !== envelopeFormat) return malformed(`format ${envelope[4]} is unknown`)
  const algorithm = algorithmOf(envelope[5])
  if (algorithm === null) return malformed(`algorithm ${envelope[5]} is unknown`)
  const version = new DataView(envelope.buffer, envelope.byteOffset, envelope.byteLength).getUint32(22)
  if (version === 0) return malformed('version 0')
  return accept({ algorithm, keyId: envelope.slice(6, 22), version })
}

/**
 * Decrypts. Refuses `ENVELOPE-KEY` when it names another key, version or algorithm than `context`,
 * `ENVELOPE-COMMITMENT` when it was not made under this key, `ENVELOPE-TAG` when text, AAD or place were changed.
 */
export function openEnvelope(
  key: Uint8Array,
  context: EnvelopeContext,
  envelope: Uint8Array,
): Outcome<Uint8Array> {
  const read = readEnvelopeHead(envelope)
  if (!read.ok) return read
  const head = encodeHead(context)
  if (!equalBytes(head, envelope.subarray(0, headLength))) {
    return refuse('ENVELOPE-KEY', 'the envelope names another key, version or algorithm')
  }
  const salt = envelope.subarray(headLength, headLength + saltLength)
  const prefix = envelope.subarray(0, prefixLength)
  const material = derive(key, context.algorithm, salt, head)
  try {
    if (!equalBytes(material.commitment, envelope.subarray(headLength + saltLength, prefixLength))) {
      return refuse('ENVELOPE-COMMITMENT', 'the envelope was not made under this key')
    }
    const decipher = createDecipheriv(context.algorithm, createSecretKey(material.key), material.nonce, {
      authTagLength: tagLength,
    })
    decipher.setAAD(additionalData(prefix, context))
    decipher.setAuthTag(envelope.subarray(envelope.length - tagLength))
    const text = decipher.update(envelope.subarray(prefixLength, envelope.length - tagLength))
    try {
      decipher.final()
    } catch {
      wipe(text)
      return refuse('ENVELOPE-TAG', 'the ciphertext, its additional data or its place was changed')
    }
    return accept(text)
  } finally {
    wipe(material.bytes)
  }
}

function encodeHead({ algorithm, keyId, version }: EnvelopeHead): Uint8Array {
  if (keyId.length !== 16) throw new RangeError(`keyId: expected 16 bytes, got ${keyId.length}`)
  return concatBytes(
    envelopeMagic,
    Uint8Array.of(envelopeFormat, algorithms[algorithm].code),
    keyId,
    u32be(version),
  )
}

function derive(key: Uint8Array, algorithm: EnvelopeAlgorithm, salt: Uint8Array, head: Uint8Array) {
  const { keyLength } = algorithms[algorithm]
  if (key.length !== keyLength) throw new RangeError(`key: expected ${keyLength} bytes, got ${key.length}`)
  // As key objects: Node takes bytes for a key only after a search that costs more than the cipher.
  const length = keyLength + nonceLength + commitmentLength
  const bytes = new Uint8Array(
    hkdfSync('sha256', createSecretKey(key), salt, concatBytes(label, head), length),
  )
  return {
    bytes,
    key: bytes.subarray(0, keyLength),
    nonce: bytes.subarray(keyLength, keyLength + nonceLength),
    commitment: bytes.subarray(keyLength + nonceLength),
  }
}

function additionalData(prefix: Uint8Array, { organisation, project, aad }: EnvelopeContext): Uint8Array {
  return concatBytes(lp(prefix), lp(utf8(organisation)), lp(utf8(project)), lp(aad ?? new Uint8Array()))
}

function algorithmOf(code: number | undefined): EnvelopeAlgorithm | null {
  if (code === algorithms['aes-256-gcm'].code) return 'aes-256-gcm'
  return code === algorithms['aes-128-gcm'].code ? 'aes-128-gcm' : null
}

function malformed(detail: string) {
  return refuse('ENVELOPE-MALFORMED', detail)
}
