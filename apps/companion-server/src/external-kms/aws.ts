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
import { authorizationOf, signingTime } from './sigv4.ts'

/** AWS KMS by its JSON protocol. */
export const aws: ProviderKind = {
  settings: {
    region: { shape: /^[a-z]{2}(?:-[a-z]+)+-\d$/ },
    keyId: { shape: /^[A-Za-z0-9:/_-]{1,2048}$/ },
    endpoint: { shape: /^https?:\/\/[^/?#\s]+\/?$/, optional: true },
    ca: { shape: /^-----BEGIN CERTIFICATE-----[\s\S]{1,65536}$/, optional: true },
  },
  credentials: {
    accessKeyId: { shape: /^\w{16,128}$/ },
    secretAccessKey: { shape: /^[\x21-\x7e]{1,256}$/ },
    sessionToken: { shape: /^[\x21-\x7e]{1,8192}$/, optional: true },
  },
  open(egress, settings, credentials, now): Provider {
    const { region = '', keyId: KeyId = '', ca } = settings
    const { accessKeyId = '', secretAccessKey = '', sessionToken } = credentials
    const url = new URL(settings.endpoint ?? `https://kms.${region}.amazonaws.com/`)

    async function call(operation: string, fields: Json): Promise<Outcome<Json>> {
      const body = Buffer.from(JSON.stringify(fields))
      const time = signingTime(now())
      const headers = {
        host: url.host,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-date': time,
        'x-amz-target': `TrentService.${operation}`,
        ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
      }
      const request = { method: 'POST', path: '/', headers, body } as const
      const scope = { time, region, service: 'kms' }
      const authorization = authorizationOf(accessKeyId, secretAccessKey, request, scope)
      const sent = await sendJson(egress, {
        ...{ method: 'POST', url: url.href, headers: { ...headers, authorization }, body },
        ...(ca === undefined ? {} : { ca }),
      })
      if (!sent.ok) return sent
      const { status, json } = sent.value
      return status === 200 ? accept(json) : refusalOf(status, json)
    }

    /** The answer is about the key that was named: AWS gives its ARN, which ends in the id. */
    function ofKey(json: Json): Outcome<Json> {
      const named = KeyId.split('/').at(-1) ?? ''
      const isAlias = KeyId.includes('alias/')
      const given = textIn(json, 'KeyId')
      if (given === '' || (!isAlias && given.split('/').at(-1) !== named))
        return badAnswer('it is about another key')
      return accept(json)
    }

    async function bytesOf(operation: string, fields: Json, name: string): Promise<Outcome<Uint8Array>> {
      const answer = await call(operation, { KeyId, ...fields })
      if (!answer.ok) return answer
      const own = ofKey(answer.value)
      return own.ok ? bytesIn(own.value, name) : own
    }

    const bound = (context: string) => ({ EncryptionContext: { 'lux-custody': context } })

    return {
      async describe() {
        const answer = await call('DescribeKey', { KeyId })
        if (!answer.ok) return answer
        const key = objectIn(answer.value, 'KeyMetadata')
        const state = stateOf(textIn(key, 'KeyState'))
        if (!state.ok) return state
        const use = textIn(key, 'KeyUsage')
        if (use !== 'ENCRYPT_DECRYPT' && use !== 'SIGN_VERIFY')
          return unsupported(`a key for ${/^\w{1,40}$/.test(use) ? use : 'another use'}`)
        const id = textIn(key, 'Arn')
        if (id === '') return badAnswer('Arn is missing')
        if (use === 'ENCRYPT_DECRYPT') return accept({ id, use: 'encrypt-decrypt', publicKey: null })
        const publicKey = await bytesOf('GetPublicKey', {}, 'PublicKey')
        return publicKey.ok ? accept({ id, use: 'sign-verify', publicKey: publicKey.value }) : publicKey
      },
      encrypt: (plaintext, context) =>
        bytesOf('Encrypt', { Plaintext: toText(plaintext), ...bound(context) }, 'CiphertextBlob'),
      decrypt: (ciphertext, context) =>
        bytesOf('Decrypt', { CiphertextBlob: toText(ciphertext), ...bound(context) }, 'Plaintext'),
      sign: ({ algorithm, digest }) =>
        bytesOf(
          'Sign',
          { Message: toText(digest), MessageType: 'DIGEST', SigningAlgorithm: algorithm },
          'Signature',
        ),
      async rotate() {
        const answer = await call('RotateKeyOnDemand', { KeyId })
        return answer.ok ? accept(null) : answer
      },
      async importTarget(algorithm) {
        // AWS takes pairs in by the one, and secrets by the other.
        const byOaep = !/^(?:RSA|ECC)_/.test(algorithm)
        const WrappingAlgorithm = byOaep ? 'RSAES_OAEP_SHA_256' : 'RSA_AES_KEY_WRAP_SHA_256'
        const wanted = { WrappingAlgorithm, WrappingKeySpec: 'RSA_4096' }
        const answer = await call('GetParametersForImport', { KeyId, ...wanted })
        if (!answer.ok) return answer
        const publicKey = bytesIn(answer.value, 'PublicKey')
        const ticket = textIn(answer.value, 'ImportToken')
        if (!publicKey.ok) return publicKey
        return ticket === ''
          ? badAnswer('ImportToken is missing')
          : accept({ publicKey: publicKey.value, ticket, byOaep })
      },
      async importKey({ ticket: ImportToken, wrapped }) {
        const EncryptedKeyMaterial = toText(wrapped)
        const ExpirationModel = 'KEY_MATERIAL_DOES_NOT_EXPIRE'
        const answer = await call('ImportKeyMaterial', {
          ...{ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel },
        })
        return answer.ok ? accept(null) : answer
      },
    }
  },
}

function stateOf(state: string): Outcome<null> {
  switch (state) {
    case 'Enabled':
    // Made for an import that has not been yet.
    case 'PendingImport':
      return accept(null)
    case 'Disabled':
      return refuse('PROVIDER-KEY-DISABLED', 'it is switched off')
    case 'PendingDeletion':
    case 'PendingReplicaDeletion':
      return refuse('PROVIDER-KEY-DELETED', 'its deletion is scheduled')
    default:
      return refuse('PROVIDER-REFUSED', 'the key is in a state in which it cannot be used')
  }
}

/** The refusal of an error's name; its message may repeat what was sent. */
function refusalOf(status: number, json: Json): Outcome<never> {
  const name = textIn(json, '__type').split('#').at(-1) ?? ''
  const message = textIn(json, 'message') || textIn(json, 'Message')
  switch (name) {
    case 'DisabledException':
      return refuse('PROVIDER-KEY-DISABLED', name)
    case 'KMSInvalidStateException':
      // The name says no more: it is one of a disabled key, too, for some operations.
      if (/pending ?deletion/i.test(message)) return refuse('PROVIDER-KEY-DELETED', name)
      return /disabled/i.test(message)
        ? refuse('PROVIDER-KEY-DISABLED', name)
        : refuse('PROVIDER-REFUSED', name)
    case 'NotFoundException':
      return refuse('PROVIDER-KEY-ABSENT', name)
    case 'InvalidCiphertextException':
    case 'IncorrectKeyException':
      return refuse('PROVIDER-CIPHERTEXT', name)
    case 'AccessDeniedException':
    case 'UnrecognizedClientException':
    case 'InvalidClientTokenId':
    case 'InvalidSignatureException':
    case 'SignatureDoesNotMatch':
    case 'IncompleteSignature':
    case 'MissingAuthenticationToken':
    case 'MissingAuthenticationTokenException':
    case 'ExpiredTokenException':
    case 'OptInRequired':
      return refuse('PROVIDER-DENIED', name)
    case 'ThrottlingException':
    case 'Throttling':
    case 'LimitExceededException':
      return refuse('PROVIDER-THROTTLED', name)
    case 'UnsupportedOperationException':
    case 'InvalidKeyUsageException':
      return unsupported(name)
    default:
      if (status === 429) return refuse('PROVIDER-THROTTLED', 'HTTP 429')
      return refuse('PROVIDER-REFUSED', /^[A-Za-z]{1,60}$/.test(name) ? name : `HTTP ${status}`)
  }
}
