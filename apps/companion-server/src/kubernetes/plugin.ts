import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { concatBytes, equalBytes, fromBase64, toBase64, utf8 } from '@lux/crypto'
import { envelopeKeyId, readEnvelopeHead } from '../keys/envelope.ts'
import { EnvironmentError } from '../refusal.ts'
import { fieldOf, type ServerClient, ServerRefusal, textOf } from './server-client.ts'

export type PluginParts = {
  readonly client: ServerClient
  /** The key's id at the server. */
  readonly key: string
  /** A path that is free, or a socket that a plugin left behind. */
  readonly socket: string
  /** Bound into every ciphertext: what one cluster encrypted, another one’s plugin does not open. */
  readonly cluster: string
  /** Hears of what was refused: codes, and nothing of keys. */
  readonly said: (line: string) => void
}

type Bytes = Uint8Array
type Asked = { ciphertext: Bytes; plaintext: Bytes; key_id: string; uid: string }

/** Kubernetes takes ciphertexts of fewer bytes. */
const maxCiphertext = 1024
const maxMessage = 64 * 1024
const aadLabel = utf8('lux-kubernetes-kms-1')

/**
 * Serves KMS version 2 of Kubernetes on a unix socket: the API server’s seeds are encrypted by one key of the server, and by nothing
 * here. Throws PLUGIN-SOCKET, PLUGIN-SERVER, PLUGIN-KEY.
 */
export async function openPlugin(parts: PluginParts): Promise<{ close(): Promise<void> }> {
  const { client, key, cluster, said } = parts
  const path = `/api/v1/kms/keys/${encodeURIComponent(key)}`
  const aad = toBase64(concatBytes(aadLabel, Uint8Array.of(0), utf8(cluster)))
  const own = envelopeKeyId(key)
  let known = await firstLook(client, path, key)

  /** Where a ciphertext was made: the key and its version, as its own header says. Null: it is not of this key. */
  const keyIdOf = (ciphertext: Bytes): string | null => {
    const head = readEnvelopeHead(ciphertext)
    return head.ok && equalBytes(head.value.keyId, own) ? nameOf(key, head.value.version) : null
  }

  const handlers = {
    async Status() {
      try {
        const { view, keyId } = viewOf(await client.get(path), key)
        known = keyId
        const healthz = view.isDisabled ? 'KEY-DISABLED: the key is disabled' : 'ok'
        return { version: 'v2', healthz, key_id: keyId }
      } catch (error) {
        const { message } = toStatus(error)
        said(`status: ${message}`)
        return { version: 'v2', healthz: message, key_id: known }
      }
    },
    async Encrypt({ plaintext }: Asked) {
      const answer = await client.post(`${path}/encrypt`, { plaintext: toBase64(plaintext), aad })
      const ciphertext = fromBase64(textOf(answer, 'ciphertext'))
      const keyId = keyIdOf(ciphertext)
      if (keyId === null) throw new Error('the server’s answer is not of this key')
      if (ciphertext.length >= maxCiphertext)
        throw new Wrong(
          `${plaintext.length} bytes are too many: Kubernetes takes ciphertexts under ${maxCiphertext}`,
        )
      return { ciphertext, key_id: keyId, annotations: {} }
    },
    async Decrypt({ ciphertext, key_id }: Asked) {
      if (ciphertext.length >= maxCiphertext || keyIdOf(ciphertext) !== key_id)
        throw new Wrong('the ciphertext is not of the key that is named with it')
      const answer = await client.post(`${path}/decrypt`, { ciphertext: toBase64(ciphertext), aad })
      return { plaintext: fromBase64(textOf(answer, 'plaintext')) }
    },
  }

  const server = new Server({ 'grpc.max_receive_message_length': maxMessage })
  server.addService(
    definition(),
    Object.fromEntries(
      Object.entries(handlers).map(([name, work]) => [
        name,
        (call: ServerUnaryCall<Asked, object>, answer: sendUnaryData<object>) => {
          work(call.request).then(
            (value) => answer(null, value),
            (error: unknown) => {
              const failed = toStatus(error)
              said(`${name.toLowerCase()} ${shown(call.request.uid)}: ${failed.message}`)
              answer(failed)
            },
          )
        },
      ]),
    ),
  )
  await listen(server, parts.socket)
  return {
    close: () =>
      new Promise((ended) => {
        server.tryShutdown(() => {
          client.close()
          ended()
        })
      }),
  }
}

/** The caller’s fault. */
class Wrong extends Error {}

const nameOf = (key: string, version: number): string => `${key}.v${version}`
const shown = (uid: string): string => uid.replaceAll(/[^\w-]/g, '').slice(0, 64)

async function firstLook(client: ServerClient, path: string, key: string): Promise<string> {
  let answer: unknown
  try {
    answer = await client.get(path)
  } catch (error) {
    if (error instanceof EnvironmentError) throw error
    if (error instanceof ServerRefusal && [403, 404].includes(error.status))
      throw new EnvironmentError('PLUGIN-KEY', `${key}: ${error.message}`)
    throw new EnvironmentError('PLUGIN-SERVER', toStatus(error).message, { cause: error })
  }
  const { view, keyId } = viewOf(answer, key)
  if (view.keyUsage !== 'encrypt-decrypt')
    throw new EnvironmentError(
      'PLUGIN-KEY',
      `${key} is for ${String(view.keyUsage)}, not for encrypt-decrypt`,
    )
  return keyId
}

function viewOf(answer: unknown, key: string) {
  const view = fieldOf(answer, 'key')
  const version = fieldOf(view, 'version')
  if (typeof version !== 'number') throw new Error('there is no version in the answer')
  const [isDisabled, keyUsage] = [fieldOf(view, 'isDisabled') !== false, fieldOf(view, 'keyUsage')]
  return { view: { isDisabled, keyUsage }, keyId: nameOf(key, version) }
}

const ofHttp: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
}

function toStatus(error: unknown): { code: status; message: string } {
  if (error instanceof Wrong) return { code: status.INVALID_ARGUMENT, message: error.message }
  if (error instanceof ServerRefusal)
    return { code: ofHttp[error.status] ?? status.UNAVAILABLE, message: error.message }
  if (error instanceof EnvironmentError)
    return { code: status.UNAUTHENTICATED, message: `${error.code}: ${error.message}` }
  // Of the network or TLS: there is nothing of a request in it.
  const message = error instanceof Error ? error.message : 'unknown'
  return { code: status.UNAVAILABLE, message: `SERVER-UNREACHABLE: ${message}` }
}

function definition(): ServiceDefinition {
  const file = fileURLToPath(new URL('kms-v2.proto', import.meta.url))
  const loaded = loadSync(file, { keepCase: true, bytes: Buffer, defaults: true })
  // The file defines this service.
  return loaded['v2.KeyManagementService'] as ServiceDefinition
}

/** For the process’s own user alone. A socket that nobody answers at is one that was left behind. */
async function listen(server: Server, socket: string): Promise<void> {
  const found = await lstat(socket).catch(() => null)
  if (found !== null) {
    if (!found.isSocket()) throw new EnvironmentError('PLUGIN-SOCKET', `${socket} is there, and is no socket`)
    if (await answers(socket))
      throw new EnvironmentError('PLUGIN-SOCKET', `another plugin answers at ${socket}`)
    await unlink(socket)
  }
  const before = process.umask(0o177)
  try {
    await new Promise<void>((bound, failed) => {
      server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
        error ? failed(new EnvironmentError('PLUGIN-SOCKET', `${socket}: ${error.message}`)) : bound(),
      )
    })
  } finally {
    process.umask(before)
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((found) => {
    const connection = connect(socket)
    connection.on('connect', () => {
      connection.destroy()
      found(true)
    })
    connection.on('error', () => found(false))
  })
}
