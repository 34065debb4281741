import {
  constants,
  createCipheriv,
  createDecipheriv,
  createVerify,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { p256 } from '@noble/curves/nist.js'
import { rsaPair } from '../../../../../packages/crypto/test/rsa-pair.ts'
import { crc32c } from '../../../src/external-kms/gcp.ts'
import { openWrapped } from '../../../src/keys/transport-wrap.ts'

// No emulator of these two checks additional data, checksums or states as they do, so that these are of our own: by their
// documentation, and with real cryptography.

type Answer = readonly [status: number, body: object]
export type Double = { readonly url: string; readonly host: string; close(): void }

async function serve(answer: (request: IncomingMessage, body: Buffer) => Answer): Promise<Double> {
  const server: Server = createServer((request, reply) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const [status, body] = answer(request, Buffer.concat(parts))
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  return {
    host,
    url: `http://${host}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const bytesOf = (text: unknown) => Buffer.from(String(text ?? ''), 'base64')
const crcOf = (bytes: Uint8Array) => String(crc32c(bytes))

export const gcpJob = 'projects/p/locations/europe/keyRings/r/importJobs/j'
export const gcpName = 'projects/p/locations/europe/keyRings/r/cryptoKeys/k'

/** One key of Google Cloud KMS: symmetric, or one that signs by P-256. */
export async function startGcp() {
  const account = rsaPair(2048)
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let job = rsaPair(4096)
  const secrets = [randomBytes(32)]
  const state = { version: 'ENABLED', signs: false, gone: false, spoilt: false, busy: false, renews: false }
  const error = (code: number, status: string, message = ''): Answer => [
    code,
    { error: { code, status, message } },
  ]

  const double = await serve((request, body) => {
    const token = /^Bearer (.+)\.([^.]+)$/.exec(request.headers.authorization ?? '')
    const claims =
      token === null ? {} : JSON.parse(Buffer.from(token[1]?.split('.')[1] ?? '', 'base64url').toString())
    const checking = createVerify('sha256').update(token?.[1] ?? '')
    const known = checking.verify(account.publicKey, Buffer.from(token?.[2] ?? '', 'base64url'))
    if (!known || claims.aud !== 'https://cloudkms.googleapis.com/' || claims.iss !== 'kms@p.example')
      return error(401, 'UNAUTHENTICATED')
    const path = (request.url ?? '').replace('/v1/', '')
    if (path === gcpJob) {
      // As AWS does: another wrapping key each time.
      if (state.renews) job = rsaPair(3072)
      const pem = job.publicKey.export({ type: 'spki', format: 'pem' }).toString()
      return [200, { state: 'ACTIVE', importMethod: 'RSA_OAEP_4096_SHA256_AES_256', publicKey: { pem } }]
    }
    if (state.busy) return error(429, 'RESOURCE_EXHAUSTED')
    if (!path.startsWith(gcpName) || state.gone) return error(404, 'NOT_FOUND')
    const given = body.length === 0 ? {} : JSON.parse(body.toString())
    const version = { name: `${gcpName}/cryptoKeyVersions/${secrets.length}`, state: state.version }
    const unusable = error(
      400,
      'FAILED_PRECONDITION',
      `${version.name} is not enabled, current state is: ${state.version}.`,
    )
    const aad = bytesOf(given.additionalAuthenticatedData)
    switch (path.slice(gcpName.length)) {
      case '':
        return [
          200,
          { name: gcpName, purpose: state.signs ? 'ASYMMETRIC_SIGN' : 'ENCRYPT_DECRYPT', primary: version },
        ]
      case '/cryptoKeyVersions':
        if (request.method === 'POST') {
          secrets.push(randomBytes(32))
          return [200, { name: `${gcpName}/cryptoKeyVersions/${secrets.length}` }]
        }
        return [200, { cryptoKeyVersions: [{ ...version, algorithm: 'EC_SIGN_P256_SHA256' }] }]
      case '/cryptoKeyVersions:import': {
        const opened = openWrapped(
          job.privateKey.export({ type: 'pkcs8', format: 'der' }),
          bytesOf(given.wrappedKey),
        )
        if (!opened.ok || given.importJob !== gcpJob) return error(400, 'INVALID_ARGUMENT')
        secrets.push(Buffer.from(opened.value))
        return [200, { name: `${gcpName}/cryptoKeyVersions/${secrets.length}` }]
      }
      case ':updatePrimaryVersion':
        return [200, {}]
      case ':encrypt': {
        if (state.version !== 'ENABLED') return unusable
        const plaintext = bytesOf(given.plaintext)
        if (
          given.plaintextCrc32c !== crcOf(plaintext) ||
          given.additionalAuthenticatedDataCrc32c !== crcOf(aad)
        )
          return error(400, 'INVALID_ARGUMENT')
        const nonce = randomBytes(12)
        const cipher = createCipheriv('aes-256-gcm', secrets.at(-1) ?? '', nonce).setAAD(aad)
        const text = Buffer.concat([cipher.update(plaintext), cipher.final()])
        const sealed = Buffer.concat([Buffer.of(secrets.length), nonce, text, cipher.getAuthTag()])
        const ciphertextCrc32c = state.spoilt ? '1' : crcOf(sealed)
        return [
          200,
          {
            name: version.name,
            ciphertext: sealed.toString('base64'),
            ciphertextCrc32c,
            verifiedPlaintextCrc32c: true,
          },
        ]
      }
      case ':decrypt': {
        if (state.version !== 'ENABLED') return unusable
        const sealed = bytesOf(given.ciphertext)
        if (given.ciphertextCrc32c !== crcOf(sealed)) return error(400, 'INVALID_ARGUMENT')
        try {
          const secret = secrets[(sealed[0] ?? 0) - 1] ?? ''
          const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(1, 13)).setAAD(aad)
          decipher.setAuthTag(sealed.subarray(-16))
          const plaintext = Buffer.concat([decipher.update(sealed.subarray(13, -16)), decipher.final()])
          return [200, { plaintext: plaintext.toString('base64'), plaintextCrc32c: crcOf(plaintext) }]
        } catch {
          return error(400, 'INVALID_ARGUMENT')
        }
      }
      default: {
        if (path === `${version.name}/publicKey`) {
          const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
          return [200, { pem, pemCrc32c: crcOf(Buffer.from(pem)) }]
        }
        if (path !== `${version.name}:asymmetricSign`) return error(404, 'NOT_FOUND')
        const signature = signDigest(pair.privateKey, bytesOf(given.digest.sha256))
        return [
          200,
          { signature: signature.toString('base64'), signatureCrc32c: crcOf(signature), name: version.name },
        ]
      }
    }
  })
  const privateKey = account.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { ...double, state, credentials: { clientEmail: 'kms@p.example', privateKey } }
}

/** One key of Azure Key Vault: RSA that wraps, or P-256 that signs. */
export async function startAzure() {
  const state = { enabled: true, signs: false, deleted: false, gone: false, rights: true, busy: false }
  const rsa = [rsaPair(2048)]
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ids = ['a'.repeat(32)]
  const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  const error = (status: number, code: string, inner?: string): Answer => [
    status,
    {
      error: { code, message: 'as it says', ...(inner === undefined ? {} : { innererror: { code: inner } }) },
    },
  ]
  const credentials = { clientId: 'client', clientSecret: `secret-${randomBytes(6).toString('hex')}` }

  const double: Double = await serve((request, body) => {
    const [path = '', query = ''] = (request.url ?? '').split('?')
    if (path === '/tenant/oauth2/v2.0/token') {
      const form = new URLSearchParams(body.toString())
      const right =
        form.get('client_secret') === credentials.clientSecret &&
        form.get('scope') === 'https://vault.azure.net/.default'
      return right ? [200, { access_token: 'token', expires_in: 3599 }] : [401, { error: 'invalid_client' }]
    }
    if (request.headers.authorization !== 'Bearer token' || !query.startsWith('api-version='))
      return error(401, 'Unauthorized')
    if (state.busy) return error(429, 'Throttled')
    if (!state.rights) return error(403, 'Forbidden', 'ForbiddenByPolicy')
    if (path === '/deletedkeys/k') return state.deleted ? [200, {}] : error(404, 'KeyNotFound')
    if (state.deleted || state.gone || !path.startsWith('/keys/k')) return error(404, 'KeyNotFound')
    const kid = (id: string) => `${double.url}/keys/k/${id}`
    const id = ids.at(-1) ?? ''
    if (path === '/keys/k' || path === '/keys/k/rotate') {
      if (path.endsWith('rotate')) {
        rsa.push(rsaPair(2048))
        ids.push(randomBytes(16).toString('hex'))
      }
      const shown = (state.signs ? ec : rsa.at(-1))?.publicKey.export({ format: 'jwk' })
      const key_ops = state.signs ? ['sign', 'verify'] : ['wrapKey', 'unwrapKey']
      return [
        200,
        { key: { ...shown, kid: kid(ids.at(-1) ?? ''), key_ops }, attributes: { enabled: state.enabled } },
      ]
    }
    const [, of = '', operation = ''] = /^\/keys\/k\/([0-9a-f]{32})\/(\w+)$/.exec(path) ?? []
    const pair = rsa[ids.indexOf(of)]
    if (pair === undefined) return error(404, 'KeyNotFound')
    if (!state.enabled) return error(403, 'Forbidden', 'KeyDisabled')
    const { alg, value } = JSON.parse(body.toString())
    const given = Buffer.from(value, 'base64url')
    try {
      const made =
        operation === 'sign' && alg === 'ES256' && of === id
          ? signDigest(ec.privateKey, given, 'compact')
          : operation === 'wrapkey'
            ? publicEncrypt({ key: pair.publicKey, ...oaep }, given)
            : privateDecrypt({ key: pair.privateKey, ...oaep }, given)
      return [200, { kid: kid(of), value: made.toString('base64url') }]
    } catch {
      return error(400, 'BadParameter')
    }
  })
  return { ...double, state, credentials }
}

/** Node's own call signs messages, not digests. */
function signDigest(key: KeyObject, digest: Uint8Array, form: 'der' | 'compact' = 'der'): Buffer {
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url')
  return Buffer.from(p256.sign(digest, scalar, { prehash: false, lowS: false, format: form }))
}
