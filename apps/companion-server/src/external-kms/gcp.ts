import { createPrivateKey, createPublicKey, sign as signWith } from 'node:crypto'
import type { SigningAlgorithm } from '../keys/signing.ts'
import type { Egress } from '../platform/http/egress.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import {
  badAnswer,
  bytesIn,
  type Json,
  objectIn,
  type Provider,
  type ProviderKind,
  sendJson,
  textIn,
  toText,
  unsupported,
} from './provider.ts'

const service = 'https://cloudkms.googleapis.com'
const utf8 = (text: string) => new Uint8Array(Buffer.from(text, 'utf8'))

/** Google's names of what a version signs by, each with one hash and one padding. */
function algorithmOf(name: string): SigningAlgorithm | null {
  if (name === 'EC_SIGN_P256_SHA256') return 'ECDSA_SHA_256'
  if (name === 'EC_SIGN_P384_SHA384') return 'ECDSA_SHA_384'
  const [, padding, hash] = /^RSA_SIGN_(PSS|PKCS1)_\d{4}_SHA(256|512)$/.exec(name) ?? []
  if (padding === 'PSS') return hash === '256' ? 'RSASSA_PSS_SHA_256' : 'RSASSA_PSS_SHA_512'
  if (padding === 'PKCS1') return hash === '256' ? 'RSASSA_PKCS1_V1_5_SHA_256' : 'RSASSA_PKCS1_V1_5_SHA_512'
  return null
}

const importTypes: Readonly<Record<string, string>> = {
  'aes-256-gcm': 'GOOGLE_SYMMETRIC_ENCRYPTION',
  RSA_2048: 'RSA_SIGN_PSS_2048_SHA256',
  RSA_4096: 'RSA_SIGN_PSS_4096_SHA256',
  ECC_NIST_P256: 'EC_SIGN_P256_SHA256',
  ECC_NIST_P384: 'EC_SIGN_P384_SHA384',
}

/** Google Cloud KMS by its JSON API, with the CRC32C of everything that goes there and comes back. */
export const gcp: ProviderKind = {
  settings: {
    key: {
      shape:
        /^projects\/[\w:.-]{1,63}\/locations\/[\w-]{1,63}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/,
    },
    importJob: {
      shape:
        /^projects\/[\w:.-]{1,63}\/locations\/[\w-]{1,63}\/keyRings\/[\w-]{1,63}\/importJobs\/[\w-]{1,63}$/,
      optional: true,
    },
    endpoint: { shape: /^https?:\/\/[^/?#\s]+\/?$/, optional: true },
    ca: { shape: /^-----BEGIN CERTIFICATE-----[\s\S]{1,65536}$/, optional: true },
  },
  credentials: {
    clientEmail: { shape: /^[\w.-]{1,128}@[\w.-]{1,128}$/ },
    privateKey: { shape: /^-----BEGIN (?:RSA )?PRIVATE KEY-----[\s\S]{1,16384}$/ },
  },
  open(egress, { key = '', importJob, endpoint = service, ca }, credentials, now): Provider {
    const call = openCalls({ egress, endpoint, ca, credentials, now })
    const versions = openVersions(call, key)
    return {
      describe: () => describe(call, key, versions),
      ...usingKey(call, key, versions),
      ...changingKey(call, { key, importJob }, versions),
    }
  },
}

type Call = (method: 'GET' | 'POST', path: string, fields?: Json) => Promise<Outcome<Json>>
type Versions = ReturnType<typeof openVersions>

function openCalls({
  egress,
  endpoint,
  ca,
  credentials,
  now,
}: {
  readonly egress: Egress
  readonly endpoint: string
  readonly ca: string | undefined
  readonly credentials: Readonly<Record<string, string>>
  now(): Date
}): Call {
  return async (method, path, fields) => {
    const token = tokenOf(credentials.clientEmail ?? '', credentials.privateKey ?? '', now())
    if (token === null) return refuse('PROVIDER-SETTINGS', 'credentials: privateKey is no RSA key')
    const sent = await sendJson(egress, {
      ...{ method, url: new URL(`/v1/${path}`, endpoint).href },
      headers: {
        authorization: `Bearer ${token}`,
        ...(fields === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(fields === undefined ? {} : { body: utf8(JSON.stringify(fields)) }),
      ...(ca === undefined ? {} : { ca }),
    })
    if (!sent.ok) return sent
    const { status, json } = sent.value
    return status === 200 ? accept(json) : refusalOf(status, objectIn(json, 'error'))
  }
}

/** Bytes with the checksum that came with them. */
function checked(json: Json, name: string): Outcome<Uint8Array> {
  const bytes = bytesIn(json, name)
  if (!bytes.ok) return bytes
  return String(json[`${name}Crc32c`]) === String(crc32c(bytes.value))
    ? bytes
    : badAnswer(`${name} is not what its checksum says`)
}

/** Which of a key's versions does what. */
function openVersions(call: Call, key: string) {
  return { signer, makePrimary, purpose }

  /** The newest version that signs. */
  async function signer(): Promise<Outcome<{ readonly name: string; readonly algorithm: SigningAlgorithm }>> {
    const answer = await call('GET', `${key}/cryptoKeyVersions`)
    if (!answer.ok) return answer
    const list = Array.isArray(answer.value.cryptoKeyVersions) ? answer.value.cryptoKeyVersions : []
    const versions = list.map((one): Json => ({ ...one }))
    const numberOf = (one: Json) => Number(textIn(one, 'name').split('/').at(-1))
    versions.sort((one, other) => numberOf(other) - numberOf(one))
    const newest = versions.find((one) => textIn(one, 'state') === 'ENABLED')
    if (newest === undefined) {
      const state = versions[0] === undefined ? '' : textIn(versions[0], 'state')
      return stateRefusal(state)
    }
    const name = textIn(newest, 'name')
    const algorithm = algorithmOf(textIn(newest, 'algorithm'))
    if (!name.startsWith(`${key}/cryptoKeyVersions/`)) return badAnswer('it is about another key')
    return algorithm === null
      ? unsupported('it signs by none of this server’s ways')
      : accept({ name, algorithm })
  }

  async function makePrimary(version: string): Promise<Outcome<null>> {
    const cryptoKeyVersionId = version.split('/').at(-1) ?? ''
    const answer = await call('POST', `${key}:updatePrimaryVersion`, { cryptoKeyVersionId })
    return answer.ok ? accept(null) : answer
  }

  async function purpose(): Promise<Outcome<string>> {
    const answer = await call('GET', key)
    if (!answer.ok) return answer
    return textIn(answer.value, 'name') === key
      ? accept(textIn(answer.value, 'purpose'))
      : badAnswer('it is about another key')
  }
}

const bound = (context: string) => ({
  additionalAuthenticatedData: toText(utf8(context)),
  additionalAuthenticatedDataCrc32c: String(crc32c(utf8(context))),
})

async function describe(call: Call, key: string, { signer }: Versions): ReturnType<Provider['describe']> {
  const answer = await call('GET', key)
  if (!answer.ok) return answer
  if (textIn(answer.value, 'name') !== key) return badAnswer('it is about another key')
  const use = textIn(answer.value, 'purpose')
  if (use === 'ENCRYPT_DECRYPT') {
    const state = textIn(objectIn(answer.value, 'primary'), 'state')
    return state === 'ENABLED'
      ? accept({ id: key, use: 'encrypt-decrypt', publicKey: null })
      : stateRefusal(state)
  }
  if (use !== 'ASYMMETRIC_SIGN') return unsupported('a key for another use')
  const version = await signer()
  if (!version.ok) return version
  const { name, algorithm } = version.value
  const shown = await call('GET', `${name}/publicKey`)
  if (!shown.ok) return shown
  const pem = textIn(shown.value, 'pem')
  if (String(shown.value.pemCrc32c) !== String(crc32c(utf8(pem))))
    return badAnswer('pem is not what its checksum says')
  try {
    const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' })
    return accept({
      id: name,
      use: 'sign-verify',
      publicKey: new Uint8Array(spki),
      algorithms: [algorithm],
    })
  } catch {
    return badAnswer('pem is no public key')
  }
}

const usingKey = (
  call: Call,
  key: string,
  { signer }: Versions,
): Pick<Provider, 'encrypt' | 'decrypt' | 'sign'> => ({
  async encrypt(plaintext, context) {
    const answer = await call('POST', `${key}:encrypt`, {
      ...{ plaintext: toText(plaintext), plaintextCrc32c: String(crc32c(plaintext)), ...bound(context) },
    })
    if (!answer.ok) return answer
    if (answer.value.verifiedPlaintextCrc32c !== true) return badAnswer('it did not check what it was sent')
    return textIn(answer.value, 'name').startsWith(`${key}/cryptoKeyVersions/`)
      ? checked(answer.value, 'ciphertext')
      : badAnswer('it is about another key')
  },
  async decrypt(ciphertext, context) {
    const answer = await call('POST', `${key}:decrypt`, {
      ciphertext: toText(ciphertext),
      ...{ ciphertextCrc32c: String(crc32c(ciphertext)), ...bound(context) },
    })
    return answer.ok ? checked(answer.value, 'plaintext') : answer
  },
  async sign({ algorithm, digest }) {
    const version = await signer()
    if (!version.ok) return version
    if (version.value.algorithm !== algorithm)
      return unsupported(`its newest version signs by ${version.value.algorithm}`)
    const answer = await call('POST', `${version.value.name}:asymmetricSign`, {
      digest: { [`sha${digest.length * 8}`]: toText(digest) },
      digestCrc32c: String(crc32c(digest)),
    })
    return answer.ok ? checked(answer.value, 'signature') : answer
  },
})

const changingKey = (
  call: Call,
  { key, importJob }: { readonly key: string; readonly importJob: string | undefined },
  { purpose, makePrimary }: Versions,
): Pick<Provider, 'rotate' | 'importTarget' | 'importKey'> => ({
  async rotate() {
    const use = await purpose()
    if (!use.ok) return use
    const made = await call('POST', `${key}/cryptoKeyVersions`, {})
    if (!made.ok) return made
    return use.value === 'ENCRYPT_DECRYPT' ? makePrimary(textIn(made.value, 'name')) : accept(null)
  },
  async importTarget() {
    if (importJob === undefined) return unsupported('settings: importJob names where it takes keys in')
    const answer = await call('GET', importJob)
    if (!answer.ok) return answer
    if (textIn(answer.value, 'state') !== 'ACTIVE') return unsupported('the import job is not active')
    if (!/^RSA_OAEP_\d{4}_SHA256_AES_256$/.test(textIn(answer.value, 'importMethod')))
      return unsupported('importMethod: expected RSA_OAEP_4096_SHA256_AES_256')
    try {
      const pem = textIn(objectIn(answer.value, 'publicKey'), 'pem')
      const publicKey = new Uint8Array(createPublicKey(pem).export({ type: 'spki', format: 'der' }))
      return accept({ publicKey, ticket: importJob })
    } catch {
      return badAnswer('publicKey is no public key')
    }
  },
  async importKey({ ticket, wrapped, algorithm: own }) {
    const algorithm = importTypes[own]
    if (algorithm === undefined) return unsupported(`it takes no key of algorithm ${own}`)
    const fields = { algorithm, importJob: ticket, wrappedKey: toText(wrapped) }
    const made = await call('POST', `${key}/cryptoKeyVersions:import`, fields)
    if (!made.ok) return made
    return own === 'aes-256-gcm' ? makePrimary(textIn(made.value, 'name')) : accept(null)
  },
})

/** A service account's own word, which Google takes from it without another call. Null where the key is none. */
function tokenOf(email: string, pem: string, now: Date): string | null {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType !== 'rsa') return null
    const iat = Math.floor(now.getTime() / 1000)
    const claims = { iss: email, sub: email, aud: `${service}/`, iat, exp: iat + 600 }
    const text = [{ alg: 'RS256', typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${text}.${signWith('sha256', Buffer.from(text), key).toString('base64url')}`
  } catch {
    return null
  }
}

function stateRefusal(state: string): Outcome<never> {
  if (state === 'DISABLED') return refuse('PROVIDER-KEY-DISABLED', 'its version is switched off')
  if (state === 'DESTROYED' || state === 'DESTROY_SCHEDULED')
    return refuse('PROVIDER-KEY-DELETED', 'its version is destroyed, or will be')
  return refuse('PROVIDER-REFUSED', 'it has no version that can be used')
}

function refusalOf(status: number, error: Json): Outcome<never> {
  const name = textIn(error, 'status')
  const state = /\b(DISABLED|DESTROYED|DESTROY_SCHEDULED)\b/.exec(textIn(error, 'message'))?.[1]
  if (name === 'FAILED_PRECONDITION' && state !== undefined) return stateRefusal(state)
  if (status === 401 || status === 403) return refuse('PROVIDER-DENIED', `HTTP ${status}`)
  if (status === 404) return refuse('PROVIDER-KEY-ABSENT', 'HTTP 404')
  if (status === 429) return refuse('PROVIDER-THROTTLED', 'HTTP 429')
  if (name === 'INVALID_ARGUMENT') return refuse('PROVIDER-CIPHERTEXT', name)
  return refuse('PROVIDER-REFUSED', /^[A-Z_]{1,40}$/.test(name) ? name : `HTTP ${status}`)
}

const table = Array.from({ length: 256 }, (_, at) => {
  let value = at
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
})

/** CRC-32C (Castagnoli), which Node's zlib has not. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}
