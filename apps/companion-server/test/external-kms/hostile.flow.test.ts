import { createServer, type RequestListener, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectProvider } from '../../src/external-kms/connect.ts'
import type { Provider } from '../../src/external-kms/provider.ts'
import { openEgress, together } from '../../src/platform/http/egress.ts'

let server: Server
let host = ''
let answer: RequestListener = () => undefined
let asked = 0

beforeAll(async () => {
  server = createServer((request, reply) => {
    asked += 1
    answer(request, reply)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const keyId = '11111111-2222-3333-4444-555555555555'

function provider(name: 'aws' | 'vault'): Provider {
  const egress = openEgress({ allowed: [host], timeoutMs: 300 })
  const known =
    name === 'aws'
      ? {
          settings: { region: 'eu-central-1', keyId, endpoint: `http://${host}` },
          credentials: { accessKeyId: 'A'.repeat(16), secretAccessKey: 'secret-of-the-test' },
        }
      : { settings: { address: `http://${host}`, key: 'k' }, credentials: { token: 'token-of-the-test' } }
  const connected = connectProvider(egress, { provider: name, ...known }, () => new Date())
  if (!connected.ok) throw new Error(connected.detail)
  return connected.value
}

const says =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, reply) =>
    reply.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))

const bytes = new Uint8Array(32).fill(7)
const arn = `arn:aws:kms:eu-central-1:1:key/${keyId}`
const fault = (__type: string, message = '') => says(400, { __type, message })

test.each<[string, RequestListener, string]>([
  ['never answers', () => undefined, 'PROVIDER-TIMEOUT'],
  [
    'begins an answer and never ends it',
    (_request, reply) => reply.writeHead(200).write('{'),
    'PROVIDER-TIMEOUT',
  ],
  ['hangs up', (request) => request.socket.destroy(), 'PROVIDER-UNREACHABLE'],
  ['sends elsewhere', says(302, '', { location: 'http://169.254.169.254/' }), 'PROVIDER-REFUSED'],
  ['says more than it may', says(200, 'x'.repeat(1 << 20)), 'PROVIDER-ANSWER'],
  ['says what is no JSON', says(200, '<html>'), 'PROVIDER-ANSWER'],
  ['says a list', says(200, []), 'PROVIDER-ANSWER'],
  ['says nothing', says(200, {}), 'PROVIDER-ANSWER'],
  ['answers for another key', says(200, { KeyId: `${arn}0`, CiphertextBlob: 'AAAA' }), 'PROVIDER-ANSWER'],
  ['gives no bytes', says(200, { KeyId: arn, CiphertextBlob: '' }), 'PROVIDER-ANSWER'],
  ['gives what is no base64', says(200, { KeyId: arn, CiphertextBlob: '!' }), 'PROVIDER-ANSWER'],
  ['throttles', fault('com.amazonaws.kms#ThrottlingException'), 'PROVIDER-THROTTLED'],
  ['throttles by its status', says(429, {}), 'PROVIDER-THROTTLED'],
  ['has switched the key off', fault('DisabledException'), 'PROVIDER-KEY-DISABLED'],
  [
    'will delete the key',
    fault('KMSInvalidStateException', `${arn} is pending deletion.`),
    'PROVIDER-KEY-DELETED',
  ],
  ['has lost the key', fault('NotFoundException'), 'PROVIDER-KEY-ABSENT'],
  ['knows no such credentials', fault('UnrecognizedClientException'), 'PROVIDER-DENIED'],
  ['fails', says(500, { __type: 'KMSInternalException' }), 'PROVIDER-REFUSED'],
])(
  'EXTERNAL-HOSTILE an AWS that %s: one call, a precise answer, nothing of ours in it',
  async (_claim, listener, rule) => {
    answer = listener
    const before = asked
    const outcome = await provider('aws').encrypt(bytes, 'context')
    expect(outcome).toMatchObject({ ok: false, rule })
    expect(JSON.stringify(outcome)).not.toMatch(/secret-of|169\.254|arn:/)
    expect(asked).toBe(before + 1)
  },
)

test('EXTERNAL-HOSTILE calls that belong together have one time limit: once it is over, none is made any more', async () => {
  const egress = together(openEgress({ allowed: [host] }), 100)
  const call = { method: 'GET', url: `http://${host}/`, headers: {} } as const
  answer = () => undefined
  expect(await egress.send(call)).toMatchObject({ ok: false, rule: 'PROVIDER-TIMEOUT' })
  const before = asked
  answer = says(200, {})
  expect(await egress.send(call)).toMatchObject({ ok: false, rule: 'PROVIDER-TIMEOUT' })
  expect(asked).toBe(before)
  expect(await openEgress({ allowed: [host] }).send(call)).toMatchObject({ ok: true })
})

const key = { data: { name: 'k', type: 'aes256-gcm96', latest_version: 1, keys: {} } }
const after =
  (listener: RequestListener): RequestListener =>
  (request, reply) =>
    request.method === 'GET' ? says(200, key)(request, reply) : listener(request, reply)

test.each<[string, RequestListener, string]>([
  ['is sealed', says(503, { errors: ['Vault is sealed'] }), 'PROVIDER-UNREACHABLE'],
  ['refuses the token', says(403, { errors: ['permission denied'] }), 'PROVIDER-DENIED'],
  ['throttles', says(429, { errors: [] }), 'PROVIDER-THROTTLED'],
  ['has lost the key', says(404, { errors: [] }), 'PROVIDER-KEY-ABSENT'],
  ['will delete the key', says(200, { data: { ...key.data, soft_deleted: true } }), 'PROVIDER-KEY-DELETED'],
  ['speaks of another key', says(200, { data: { ...key.data, name: 'other' } }), 'PROVIDER-ANSWER'],
  [
    'gives back the plaintext',
    after(says(200, { data: { ciphertext: Buffer.from(bytes).toString('base64') } })),
    'PROVIDER-ANSWER',
  ],
])('EXTERNAL-HOSTILE a transit engine that %s: a precise answer', async (_claim, listener, rule) => {
  answer = listener
  const outcome = await provider('vault').encrypt(bytes, 'context')
  expect(outcome).toMatchObject({ ok: false, rule })
  expect(JSON.stringify(outcome)).not.toContain('token-of')
})
