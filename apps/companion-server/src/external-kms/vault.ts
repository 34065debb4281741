import { createPublicKey } from 'node:crypto'
import { accept, type Outcome, refuse } from '../refusal.ts'
import {
  badAnswer,
  type Json,
  objectIn,
  type Provider,
  type ProviderKind,
  sendJson,
  textIn,
  toText,
  unsupported,
} from './provider.ts'

const importTypes: Readonly<Record<string, string>> = {
  'aes-256-gcm': 'aes256-gcm96',
  'aes-128-gcm': 'aes128-gcm96',
  RSA_2048: 'rsa-2048',
  RSA_4096: 'rsa-4096',
  ECC_NIST_P256: 'ecdsa-p256',
  ECC_NIST_P384: 'ecdsa-p384',
}

const utf8 = (text: string) => new Uint8Array(Buffer.from(text, 'utf8'))

/** The transit engine of OpenBao and Vault. */
export const vault: ProviderKind = {
  settings: {
    address: { shape: /^https?:\/\/[^/?#\s]+\/?$/ },
    mount: { shape: /^[\w-]+(?:\/[\w-]+){0,7}$/, optional: true },
    key: { shape: /^[\w-]{1,128}$/ },
    namespace: { shape: /^[\w/-]{1,128}$/, optional: true },
    ca: { shape: /^-----BEGIN CERTIFICATE-----[\s\S]{1,65536}$/, optional: true },
  },
  credentials: { token: { shape: /^[\x21-\x7e]{1,4096}$/ } },
  open(egress, { address = '', mount = 'transit', key = '', namespace, ca }, { token = '' }): Provider {
    const base = new URL(`/v1/${mount}/`, address)

    async function call(method: 'GET' | 'POST', path: string, fields?: Json): Promise<Outcome<Json>> {
      const sent = await sendJson(egress, {
        ...{ method, url: new URL(path, base).href },
        headers: {
          'x-vault-token': token,
          'x-vault-request': 'true',
          ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
          ...(fields === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(fields === undefined ? {} : { body: utf8(JSON.stringify(fields)) }),
        ...(ca === undefined ? {} : { ca }),
      })
      if (!sent.ok) return sent
      const { status, json } = sent.value
      return status === 200 || status === 204 ? accept(objectIn(json, 'data')) : refusalOf(status, json)
    }

    async function found(): Promise<Outcome<Json>> {
      const answer = await call('GET', `keys/${key}`)
      if (!answer.ok) return answer
      if (answer.value.soft_deleted === true)
        return refuse('PROVIDER-KEY-DELETED', 'its deletion is scheduled')
      return textIn(answer.value, 'name') === key ? answer : badAnswer('it is about another key')
    }

    return {
      async describe() {
        const answer = await found()
        if (!answer.ok) return answer
        const type = textIn(answer.value, 'type')
        const id = `${base.href}keys/${key}`
        if (/^(?:aes|chacha20|xchacha20)/.test(type))
          return accept({ id, use: 'encrypt-decrypt', publicKey: null })
        if (!/^(?:rsa|ecdsa)-/.test(type))
          return unsupported(`a key of type ${/^[\w-]{1,40}$/.test(type) ? type : 'unknown'}`)
        const newest = String(answer.value.latest_version)
        const publicKey = spkiOf(textIn(objectIn(objectIn(answer.value, 'keys'), newest), 'public_key'))
        return publicKey === null
          ? badAnswer('the newest version has no public key')
          : accept({ id, use: 'sign-verify', publicKey })
      },
      async encrypt(plaintext, context) {
        // A token that may create keys would make a lost one anew, and encrypt under that.
        const there = await found()
        if (!there.ok) return there
        const bound = toText(utf8(context))
        const answer = await call('POST', `encrypt/${key}`, {
          plaintext: toText(plaintext),
          associated_data: bound,
        })
        if (!answer.ok) return answer
        const text = textIn(answer.value, 'ciphertext')
        return /^vault:v\d{1,9}:[A-Za-z0-9+/]+={0,2}$/.test(text)
          ? accept(utf8(text))
          : badAnswer('ciphertext is none of this engine')
      },
      async decrypt(ciphertext, context) {
        const answer = await call('POST', `decrypt/${key}`, {
          ciphertext: Buffer.from(ciphertext).toString('utf8'),
          associated_data: toText(utf8(context)),
        })
        if (!answer.ok) return answer
        const text = textIn(answer.value, 'plaintext')
        return /^[A-Za-z0-9+/]+={0,2}$/.test(text)
          ? accept(new Uint8Array(Buffer.from(text, 'base64')))
          : badAnswer('plaintext is missing or no base64')
      },
      async sign({ algorithm, digest }) {
        const answer = await call('POST', `sign/${key}`, {
          input: toText(digest),
          prehashed: true,
          hash_algorithm: `sha2-${digest.length * 8}`,
          signature_algorithm: algorithm.startsWith('RSASSA_PSS') ? 'pss' : 'pkcs1v15',
          salt_length: 'hash',
          marshaling_algorithm: 'asn1',
        })
        if (!answer.ok) return answer
        const made = /^vault:v\d{1,9}:([A-Za-z0-9+/]+={0,2})$/.exec(textIn(answer.value, 'signature'))
        return made === null
          ? badAnswer('signature is none of this engine')
          : accept(new Uint8Array(Buffer.from(made[1] ?? '', 'base64')))
      },
      async rotate() {
        const answer = await call('POST', `keys/${key}/rotate`, {})
        return answer.ok ? accept(null) : answer
      },
      async importTarget() {
        const answer = await call('GET', 'wrapping_key')
        if (!answer.ok) return answer
        const publicKey = spkiOf(textIn(answer.value, 'public_key'))
        return publicKey === null
          ? badAnswer('public_key is no public key')
          : accept({ publicKey, ticket: '' })
      },
      async importKey({ wrapped, algorithm }) {
        const type = importTypes[algorithm]
        if (type === undefined) return unsupported(`it takes no key of algorithm ${algorithm}`)
        const fields = { ciphertext: toText(wrapped), hash_function: 'SHA256', type }
        const answer = await call('POST', `keys/${key}/import`, fields)
        return answer.ok ? accept(null) : answer
      },
    }
  },
}

function spkiOf(pem: string): Uint8Array | null {
  try {
    return new Uint8Array(createPublicKey(pem).export({ type: 'spki', format: 'der' }))
  } catch {
    return null
  }
}

/** What the engine says in words is looked at and never handed on. */
function refusalOf(status: number, json: Json): Outcome<never> {
  const said = Array.isArray(json.errors) ? json.errors.map(String).join(' ') : ''
  if (status === 403) return refuse('PROVIDER-DENIED', 'HTTP 403')
  if (status === 404) return refuse('PROVIDER-KEY-ABSENT', 'HTTP 404')
  if (status === 429) return refuse('PROVIDER-THROTTLED', 'HTTP 429')
  if (status === 503) return refuse('PROVIDER-UNREACHABLE', 'it is sealed or not ready')
  if (/soft.?deleted/i.test(said)) return refuse('PROVIDER-KEY-DELETED', 'its deletion is scheduled')
  if (/key not found|no existing key/i.test(said)) return refuse('PROVIDER-KEY-ABSENT', `HTTP ${status}`)
  if (/unsupported|not support|not allowed/i.test(said)) return unsupported(`HTTP ${status}`)
  if (/ciphertext|authentication failed|decrypt|disallowed/i.test(said))
    return refuse('PROVIDER-CIPHERTEXT', `HTTP ${status}`)
  return refuse('PROVIDER-REFUSED', `HTTP ${status}`)
}
