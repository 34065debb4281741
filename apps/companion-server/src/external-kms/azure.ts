import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto'
import { p256, p384 } from '@noble/curves/nist.js'
import { LRUCache } from 'lru-cache'
import type { Egress } from '../platform/http/egress.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import {
  badAnswer,
  type Given,
  type Json,
  objectIn,
  type Provider,
  type ProviderKind,
  sendJson,
  textIn,
  unsupported,
} from './provider.ts'

const version = 'api-version=7.4'
/** Access tokens by the SHA-256 of what they were got with, until a minute before their end. */
const tokens = new LRUCache<string, string>({ max: 100 })

/** Azure Key Vault by its REST API: its SDK would encrypt and wrap by RSA here, past the key's state and the vault's log. */
export const azure: ProviderKind = {
  settings: {
    vault: { shape: /^https?:\/\/[^/?#\s]+\/?$/ },
    key: { shape: /^[A-Za-z0-9-]{1,127}$/ },
    tenantId: { shape: /^[A-Za-z0-9.-]{1,128}$/ },
    authority: { shape: /^https?:\/\/[^/?#\s]+\/?$/, optional: true },
    ca: { shape: /^-----BEGIN CERTIFICATE-----[\s\S]{1,65536}$/, optional: true },
  },
  credentials: {
    clientId: { shape: /^[A-Za-z0-9-]{1,64}$/ },
    clientSecret: { shape: /^[\x21-\x7e]{1,512}$/ },
  },
  open(egress, settings, credentials): Provider {
    const { vault = '', key = '', ca } = settings
    const base = new URL(vault).href

    async function call(method: 'GET' | 'POST', path: string, fields?: Json): Promise<Outcome<Json>> {
      const token = await tokenOf(egress, settings, credentials)
      if (!token.ok) return token
      const sent = await sendJson(egress, {
        ...{ method, url: `${base}${path}?${version}` },
        headers: {
          authorization: `Bearer ${token.value}`,
          ...(fields === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(fields === undefined ? {} : { body: Buffer.from(JSON.stringify(fields)) }),
        ...(ca === undefined ? {} : { ca }),
      })
      if (!sent.ok) return sent
      const { status, json } = sent.value
      if (status === 200) return accept(json)
      const refused = refusalOf(status, objectIn(json, 'error'))
      if (refused.rule !== 'PROVIDER-KEY-ABSENT' || path.startsWith('deletedkeys/')) return refused
      // Deleted and recoverable, or never there.
      const deleted = await call('GET', `deletedkeys/${key}`)
      return deleted.ok ? refuse('PROVIDER-KEY-DELETED', 'it is deleted, and can be recovered') : refused
    }

    /** The newest version: what it is, and the id by which it is called. */
    async function newest(): Promise<Outcome<{ readonly jwk: Json; readonly id: string }>> {
      const answer = await call('GET', `keys/${key}`)
      if (!answer.ok) return answer
      const jwk = objectIn(answer.value, 'key')
      if (objectIn(answer.value, 'attributes').enabled !== true)
        return refuse('PROVIDER-KEY-DISABLED', 'it is switched off')
      const id = versionIn(textIn(jwk, 'kid'))
      return id === null ? badAnswer('it is about another key') : accept({ jwk, id })
    }

    /** The version of a key id of this key; its host may be another name of the vault. */
    function versionIn(kid: string): string | null {
      const found = /^https?:\/\/[^/]+\/keys\/([^/]+)\/([0-9a-f]{32})$/.exec(kid)
      return found?.[1] === key ? (found[2] ?? null) : null
    }

    /** `value` of the answer, which has to be about this version. */
    async function madeBy(id: string, operation: string, alg: string, bytes: Uint8Array) {
      const value = Buffer.from(bytes).toString('base64url')
      const answer = await call('POST', `keys/${key}/${id}/${operation}`, { alg, value })
      if (!answer.ok) return answer
      if (versionIn(textIn(answer.value, 'kid')) !== id) return badAnswer('it is about another key')
      const text = textIn(answer.value, 'value')
      return /^[A-Za-z0-9_-]+$/.test(text)
        ? accept(new Uint8Array(Buffer.from(text, 'base64url')))
        : badAnswer('value is missing or no base64url')
    }

    const wrapping = (jwk: Json) => (textIn(jwk, 'kty').startsWith('oct') ? 'A256KW' : 'RSA-OAEP-256')

    return {
      async describe() {
        const found = await newest()
        if (!found.ok) return found
        const { jwk, id } = found.value
        const uses = Array.isArray(jwk.key_ops) ? jwk.key_ops : []
        const kid = `${base}keys/${key}/${id}`
        if (uses.includes('wrapKey') && uses.includes('unwrapKey'))
          return accept({ id: kid, use: 'encrypt-decrypt', publicKey: null })
        if (!uses.includes('sign')) return unsupported('it neither wraps keys nor signs')
        const publicKey = spkiOf(jwk)
        return publicKey === null
          ? badAnswer('its public key is none')
          : accept({ id: kid, use: 'sign-verify', publicKey })
      },
      /** Which version and how stand before what it wrapped: the vault looks neither up. It binds no context; our envelope does. */
      async encrypt(plaintext) {
        const found = await newest()
        if (!found.ok) return found
        const { jwk, id } = found.value
        const alg = wrapping(jwk)
        const wrapped = await madeBy(id, 'wrapkey', alg, plaintext)
        return wrapped.ok
          ? accept(new Uint8Array(Buffer.concat([Buffer.from(`${id}:${alg}:`), wrapped.value])))
          : wrapped
      },
      async decrypt(ciphertext) {
        const bytes = Buffer.from(ciphertext)
        const head = /^([0-9a-f]{32}):(A256KW|RSA-OAEP-256):/.exec(bytes.subarray(0, 64).toString('latin1'))
        if (head === null) return refuse('PROVIDER-CIPHERTEXT', 'it names no version of a key')
        const [text, id = '', alg = ''] = head
        return madeBy(id, 'unwrapkey', alg, bytes.subarray(text.length))
      },
      async sign({ algorithm, digest }) {
        const found = await newest()
        if (!found.ok) return found
        const size = digest.length * 8
        const kind = algorithm.startsWith('ECDSA') ? 'ES' : algorithm.startsWith('RSASSA_PSS') ? 'PS' : 'RS'
        const made = await madeBy(found.value.id, 'sign', `${kind}${size}`, digest)
        return made.ok && kind === 'ES' ? derOf(made.value) : made
      },
      async rotate() {
        const answer = await call('POST', `keys/${key}/rotate`, {})
        return answer.ok ? accept(null) : answer
      },
      // Its import wants RSA-OAEP with SHA-1, and a key in an HSM of its own.
      importTarget: async () => unsupported('a key vault takes keys in by its vendor’s own tools'),
      importKey: async () => unsupported('a key vault takes keys in by its vendor’s own tools'),
    }
  },
}

async function tokenOf(egress: Egress, settings: Given, credentials: Given): Promise<Outcome<string>> {
  const { vault = '', tenantId = '', ca, authority = 'https://login.microsoftonline.com' } = settings
  const { clientId = '', clientSecret = '' } = credentials
  const of = createHash('sha256')
    .update(JSON.stringify([vault, authority, tenantId, clientId, clientSecret]))
    .digest('hex')
  const known = tokens.get(of)
  if (known !== undefined) return accept(known)
  const resource = new URL(vault).hostname.endsWith('.managedhsm.azure.net')
    ? 'https://managedhsm.azure.net'
    : 'https://vault.azure.net'
  const form = new URLSearchParams({
    ...{ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
    scope: `${resource}/.default`,
  })
  const sent = await sendJson(egress, {
    ...{ method: 'POST', url: new URL(`/${tenantId}/oauth2/v2.0/token`, authority).href },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
    ...(ca === undefined ? {} : { ca }),
  })
  if (!sent.ok) return sent
  const { status, json } = sent.value
  if (status === 429) return refuse('PROVIDER-THROTTLED', 'HTTP 429 of the directory')
  if (status !== 200) return refuse('PROVIDER-DENIED', `HTTP ${status} of the directory`)
  const token = textIn(json, 'access_token')
  if (!/^[\w.~+/=-]{1,16384}$/.test(token)) return badAnswer('access_token is missing or has not its form')
  const seconds = Math.min(Number(json.expires_in) || 0, 3600) - 60
  if (seconds > 0) tokens.set(of, token, { ttl: seconds * 1000 })
  return accept(token)
}

function spkiOf({ kty, n, e, crv, x, y }: Json): Uint8Array | null {
  try {
    // Node refuses what is no key.
    const jwk = { kty: String(kty).replace(/-HSM$/, ''), n, e, crv, x, y } as JsonWebKey
    return new Uint8Array(
      createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' }),
    )
  } catch {
    return null
  }
}

/** ECDSA: r | s as DER. */
function derOf(raw: Uint8Array): Outcome<Uint8Array> {
  try {
    const { Signature } = raw.length === 64 ? p256 : p384
    return accept(Signature.fromBytes(raw, 'compact').toBytes('der'))
  } catch {
    return badAnswer('value is no signature')
  }
}

function refusalOf(status: number, error: Json) {
  const inner = textIn(objectIn(error, 'innererror'), 'code')
  const code = textIn(error, 'code')
  if (inner === 'KeyDisabled' || inner === 'SecretDisabled')
    return refuse('PROVIDER-KEY-DISABLED', 'it is switched off')
  if (status === 401 || status === 403) return refuse('PROVIDER-DENIED', `HTTP ${status}`)
  if (status === 404) return refuse('PROVIDER-KEY-ABSENT', 'HTTP 404')
  if (status === 409) return refuse('PROVIDER-KEY-DELETED', 'HTTP 409')
  if (status === 429) return refuse('PROVIDER-THROTTLED', 'HTTP 429')
  if (status === 400 && code === 'BadParameter') return refuse('PROVIDER-CIPHERTEXT', code)
  return refuse('PROVIDER-REFUSED', /^[A-Za-z]{1,40}$/.test(code) ? code : `HTTP ${status}`)
}
