import { createHash, createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import { concatBytes, equalBytes, u32be, wipe } from '@lux/crypto'
import type { KeyAlgorithm } from '../keys/algorithms.ts'
import { envelopeKeyId, openEnvelope, readEnvelopeHead, sealEnvelope } from '../keys/envelope.ts'
import { verifyData } from '../keys/signing.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { StoredExternalKey } from './external-keys.ts'
import { badAnswer, type Provider, type ProviderKey } from './provider.ts'

const magic = Buffer.from('LUXX')
/** Bytes of a key that a provider sealed: AWS's are some 200, the transit engine's some 100. */
const maxSealed = 8192

/** magic 4 | length u32be | the provider's ciphertext of a key | our envelope under that key, which binds all that is before it. */
export async function seal(
  { row, provider }: { row: StoredExternalKey; provider: Provider },
  plaintext: Uint8Array,
  aad: Uint8Array | undefined,
): Promise<Outcome<Uint8Array>> {
  const key = new Uint8Array(randomBytes(32))
  try {
    const sealed = await provider.encrypt(key, row.id)
    if (!sealed.ok) return sealed
    if (sealed.value.length > maxSealed || Buffer.from(sealed.value).includes(Buffer.from(key)))
      return badAnswer('what it calls encrypted is not')
    const head = concatBytes(magic, u32be(sealed.value.length), sealed.value)
    return accept(concatBytes(head, sealEnvelope(key, contextOf(row, aad), plaintext, randomBytes(32))))
  } finally {
    wipe(key)
  }
}

export async function opened(
  { row, provider }: { row: StoredExternalKey; provider: Provider },
  ciphertext: Uint8Array,
  aad: Uint8Array | undefined,
): Promise<Outcome<Uint8Array>> {
  const bytes = Buffer.from(ciphertext)
  const length = bytes.length < 8 ? 0 : bytes.readUInt32BE(4)
  if (!bytes.subarray(0, 4).equals(magic) || length === 0 || length > maxSealed || bytes.length < 8 + length)
    return refuse('ENVELOPE-MALFORMED', 'it is no ciphertext of an external key')
  const envelope = new Uint8Array(bytes.subarray(8 + length))
  const head = readEnvelopeHead(envelope)
  if (!head.ok) return head
  if (!equalBytes(head.value.keyId, envelopeKeyId(row.id)))
    return refuse('ENVELOPE-KEY', 'the ciphertext names another key')
  const key = await provider.decrypt(new Uint8Array(bytes.subarray(8, 8 + length)), row.id)
  if (!key.ok) return key
  if (key.value.length !== 32) return badAnswer('what it decrypted is no key of ours')
  try {
    return openEnvelope(key.value, contextOf(row, aad), envelope)
  } finally {
    wipe(key.value)
  }
}

/** The key is there and does what it says: a message there and back, or a signature that its public key verifies. */
export async function tried(provider: Provider, id: string): Promise<Outcome<ProviderKey>> {
  const described = await provider.describe()
  if (!described.ok) return described
  const { use, publicKey, algorithms = [] } = described.value
  const bytes = new Uint8Array(randomBytes(32))
  if (use === 'encrypt-decrypt') {
    const sealed = await provider.encrypt(bytes, id)
    if (!sealed.ok) return sealed
    const back = await provider.decrypt(sealed.value, id)
    if (!back.ok) return back
    return equalBytes(back.value, bytes) ? described : badAnswer('it decrypted to other bytes')
  }
  const signer = publicKey === null ? null : signerOf(publicKey)
  if (signer === null) return badAnswer('its public key is none that is known here')
  const usual = signer.suite.startsWith('RSA') ? 'RSASSA_PSS_SHA_256' : ecdsaOf(signer.suite)
  const [algorithm = usual] = algorithms
  const input = { algorithm, data: digestOf(algorithm, bytes), isDigest: true } as const
  const made = await provider.sign({ algorithm, digest: input.data })
  if (!made.ok) return made
  return verifyData(signer.key, input, made.value) ? described : badAnswer('its signature is not valid')
}

function contextOf(row: StoredExternalKey, aad: Uint8Array | undefined) {
  return {
    ...({ algorithm: 'aes-256-gcm', keyId: envelopeKeyId(row.id), version: 1 } as const),
    ...{ organisation: row.organisation_id, project: row.project_id },
    ...(aad === undefined ? {} : { aad }),
  }
}

/** A provider's public key, and the algorithm of ours whose ways of signing it has. */
export function signerOf(spki: Uint8Array): { readonly key: KeyObject; readonly suite: KeyAlgorithm } | null {
  let key: KeyObject
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch {
    return null
  }
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return { key, suite: 'RSA_4096' }
  if (namedCurve === 'prime256v1') return { key, suite: 'ECC_NIST_P256' }
  return namedCurve === 'secp384r1' ? { key, suite: 'ECC_NIST_P384' } : null
}

const ecdsaOf = (suite: KeyAlgorithm) => (suite === 'ECC_NIST_P384' ? 'ECDSA_SHA_384' : 'ECDSA_SHA_256')

export function digestOf(algorithm: string, data: Uint8Array): Uint8Array {
  return new Uint8Array(
    createHash(`sha${algorithm.slice(-3)}`)
      .update(data)
      .digest(),
  )
}
