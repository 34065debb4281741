import { spawnSync } from 'node:child_process'
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type PluginOptions, startPlugin } from '../../src/commands/kubernetes.ts'
import { startServer } from '../../src/commands/start.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given } from '../support/kms-under-test.ts'
import { makeServerState } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

// Protobuf by hand: a mistake in the plugin's own description of its messages would not be shared.
type Fields = Readonly<Record<number, Buffer>>
const encode = (fields: Readonly<Record<number, Buffer | string>>): Buffer =>
  Buffer.concat(
    Object.entries(fields).map(([number, value]) => {
      const bytes = Buffer.from(value)
      return Buffer.concat([Buffer.from([(Number(number) << 3) | 2]), varint(bytes.length), bytes])
    }),
  )
function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest & 127) | 128)
  }
}
function decode(bytes: Buffer): Fields {
  const fields: Record<number, Buffer> = {}
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++] ?? 0
    expect(tag & 7).toBe(2)
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0
      length |= (byte & 127) << shift
      if (byte < 128) break
    }
    fields[tag >> 3] = bytes.subarray(at, at + length)
    at += length
  }
  return fields
}

let folder: string
let server: Awaited<ReturnType<typeof startServer>>
let options: PluginOptions
let api: { key: string; signing: string; owner: string }
const closing: (() => unknown)[] = []

beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'error')
  folder = await makeFolder()
  const state = await makeServerState(folder, 'rehearsal')
  server = await startServer(state, { host: '127.0.0.1', port: 0 })
  const { organisations, keys, database } = server.services
  const as = (role: 'server-admin' | 'organisation-admin', organisation: string | null) => ({
    ...({ door: 'direct', reqId: 'test', receipt: null } as const),
    caller: { identity: 'admin', grants: [{ role, organisation, project: null }] },
  })
  const organisation = given(
    await organisations.createOrganisation(as('server-admin', null), { name: 'Platform' }),
  ).id
  const project = given(
    await organisations.createProject(as('organisation-admin', organisation), {
      organisation,
      name: 'Clusters',
    }),
  ).id
  const officer = {
    ...({ door: 'direct', reqId: 'test', receipt: null } as const),
    caller: { identity: 'officer', grants: [{ role: 'crypto-officer', organisation, project } as const] },
  }
  const key = given(await keys.create(officer, { project, name: 'etcd' })).id
  const signing = given(
    await keys.create(officer, { project, name: 'sign', usage: 'sign-verify', algorithm: 'ECC_NIST_P256' }),
  ).id
  api = { key, signing, owner: '' }
  const made = await createIdentity(database, {
    name: 'plugin',
    grants: [{ role: 'service', organisation, project }],
  })
  api.owner = made.identity
  const secret = join(folder, 'credentials.json')
  await writeFile(secret, JSON.stringify({ clientId: made.clientId, clientSecret: made.clientSecret }), {
    mode: 0o600,
  })
  options = {
    socket: join(folder, 'kms.sock'),
    server: server.address,
    key,
    cluster: 'blue',
    credentials: secret,
    ca: join(state.root, 'ca.pem'),
  }
  rotate = () => keys.rotate(officer, { id: key })
  disable = (isDisabled) => keys.patch(officer, { id: key, isDisabled })
})
let rotate: () => Promise<unknown>
let disable: (isDisabled: boolean) => Promise<unknown>

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** A plugin, and what an API server may ask of it. */
async function open(changed: Partial<PluginOptions> = {}) {
  const wanted = { ...options, ...changed }
  const plugin = await startPlugin(wanted)
  closing.push(() => plugin.close())
  const client = new Client(`unix:${wanted.socket}`, credentials.createInsecure())
  closing.push(() => client.close())
  return (method: 'Status' | 'Encrypt' | 'Decrypt', fields: Readonly<Record<number, Buffer | string>> = {}) =>
    new Promise<Fields>((resolve, reject) => {
      const same = (bytes: Buffer) => bytes
      const done = (error: ServiceError | null, value?: Buffer) =>
        error === null ? resolve(decode(value ?? Buffer.alloc(0))) : reject(error)
      client.makeUnaryRequest(`/v2.KeyManagementService/${method}`, same, same, encode(fields), done)
    })
}
const seed = Buffer.alloc(32, 7)
const text = (fields: Fields, number: number) => fields[number]?.toString() ?? ''

test('KMS-PLUGIN-01 what the API server encrypts it gets back, by a key that the server alone has', async () => {
  const ask = await open()
  expect((await stat(options.socket)).mode & 0o777).toBe(0o600)
  const now = await ask('Status')
  expect([text(now, 1), text(now, 2), text(now, 3)]).toEqual(['v2', 'ok', `${api.key}.v1`])
  const made = await ask('Encrypt', { 1: seed, 2: 'uid-1' })
  const ciphertext = made[1] ?? Buffer.alloc(0)
  expect(ciphertext.length).toBeLessThan(1024)
  expect(ciphertext.includes(seed)).toBe(false)
  expect(text(made, 2)).toBe(text(now, 3))
  const back = await ask('Decrypt', { 1: ciphertext, 2: 'uid-2', 3: text(made, 2) })
  expect(back[1]).toEqual(seed)
  const rows = await server.services.database
    .selectFrom('audit')
    .select(['operation', 'outcome'])
    .where('identity_id', '=', api.owner)
    .where('key_id', '=', api.key)
    .execute()
  expect(rows).toEqual(
    expect.arrayContaining([
      { operation: 'key.encrypt', outcome: 'ok' },
      { operation: 'key.decrypt', outcome: 'ok' },
    ]),
  )
})

test('KMS-PLUGIN-02 a rotation shows in the key id, and what was encrypted before is still opened', async () => {
  const ask = await open()
  const before = await ask('Encrypt', { 1: seed, 2: 'u' })
  await rotate()
  const id = text(await ask('Status'), 3)
  expect(id).not.toBe(text(before, 2))
  expect(text(await ask('Encrypt', { 1: seed, 2: 'u' }), 2)).toBe(id)
  expect((await ask('Decrypt', { 1: before[1] ?? '', 2: 'u', 3: text(before, 2) }))[1]).toEqual(seed)
})

test('KMS-PLUGIN-03 it opens nothing that was changed, is of another key or of another cluster', async () => {
  const ask = await open()
  const made = await ask('Encrypt', { 1: seed, 2: 'u' })
  const good = Buffer.from(made[1] ?? '')
  const id = text(made, 2)
  const flipped = Buffer.from(good)
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
  const otherKey = Buffer.from(good)
  otherKey[6] = (otherKey[6] ?? 0) ^ 1
  for (const fields of [
    { 1: flipped, 3: id },
    { 1: otherKey, 3: id },
    { 1: good, 3: `${api.key}.v9` },
    { 1: good, 3: '' },
    { 1: Buffer.alloc(0), 3: id },
    { 1: Buffer.alloc(2000), 3: id },
  ])
    await expect(ask('Decrypt', { 2: 'u', ...fields })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    })
  const green = await open({ cluster: 'green', socket: join(folder, 'green.sock') })
  await expect(green('Decrypt', { 1: good, 2: 'u', 3: id })).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringContaining('ENVELOPE-TAG'),
  })
  await expect(ask('Encrypt', { 1: Buffer.alloc(1000), 2: 'u' })).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
  })
})

test('KMS-PLUGIN-04 a disabled key is no health, and a token that was revoked is got anew', async () => {
  const ask = await open()
  const made = await ask('Encrypt', { 1: seed, 2: 'u' })
  await disable(true)
  await expect.poll(async () => text(await ask('Status'), 2)).toMatch(/^KEY-DISABLED/)
  await expect(ask('Encrypt', { 1: seed, 2: 'u' })).rejects.toMatchObject({
    details: expect.stringContaining('KEY'),
  })
  await disable(false)
  await expect.poll(async () => text(await ask('Status'), 2)).toBe('ok')

  const { database } = server.services
  const tokens = () =>
    database.selectFrom('token').select('id').where('identity_id', '=', api.owner).execute()
  const { length } = await tokens()
  await lawfully(database).update('token', { identity_id: api.owner }, { revoked_at: new Date() })
  await expect
    .poll(
      async () => {
        expect((await ask('Decrypt', { 1: made[1] ?? '', 2: 'u', 3: text(made, 2) }))[1]).toEqual(seed)
        return (await tokens()).length
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThan(length)
})

test('KMS-PLUGIN-05 what does not fit is named before it listens', async () => {
  const at = (name: string) => join(folder, name)
  await writeFile(at('empty.json'), '{}', { mode: 0o600 })
  await writeFile(at('wrong.json'), '{"clientId":"a","clientSecret":"b"}', { mode: 0o600 })
  await writeFile(at('open.json'), '{"clientId":"a","clientSecret":"b"}')
  await chmod(at('open.json'), 0o644)
  await writeFile(at('file'), '')
  await mkdir(at('none'))
  const port = await new Promise<number>((found) => {
    const free = createServer().listen(0, '127.0.0.1', () => {
      const address = free.address()
      free.close(() => found(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
  for (const [code, changed] of [
    ['PLUGIN-SETTINGS', { server: server.address.replace('https:', 'http:') }],
    ['PLUGIN-SETTINGS', { server: 'kms' }],
    ['PLUGIN-CREDENTIALS', { credentials: at('absent.json') }],
    ['PLUGIN-CREDENTIALS', { credentials: at('empty.json') }],
    ['FILE-NOT-PRIVATE', { credentials: at('open.json') }],
    ['PLUGIN-SERVER', { credentials: at('wrong.json') }],
    ['PLUGIN-SERVER', { server: `https://127.0.0.1:${port}` }],
    ['PLUGIN-KEY', { key: 'absent' }],
    ['PLUGIN-KEY', { key: api.signing }],
    ['PLUGIN-SOCKET', { socket: at('file') }],
    ['PLUGIN-SOCKET', { socket: at('no/where.sock') }],
  ] as const)
    await expect(startPlugin({ ...options, ...changed }), code).rejects.toMatchObject({ code })
  const { ca: _, ...strange } = options
  await expect(startPlugin(strange)).rejects.toMatchObject({ code: 'PLUGIN-SERVER' })
  await open()
  await expect(startPlugin(options)).rejects.toMatchObject({ code: 'PLUGIN-SOCKET' })
})

test('KMS-PLUGIN-06 a socket that was left behind is taken, and a server that is away is said', async () => {
  const socket = join(folder, 'left.sock')
  // A process that was killed leaves its socket: bound here, and closed without being taken away.
  const left = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`
  expect(spawnSync(process.execPath, ['-e', left]).signal).toBe('SIGKILL')
  const ask = await open({ socket })
  const made = await ask('Encrypt', { 1: seed, 2: 'u' })
  await server.close()
  expect(text(await ask('Status'), 2)).toMatch(/^SERVER-UNREACHABLE/)
  expect(text(await ask('Status'), 3)).toBe(text(made, 2))
  await expect(ask('Encrypt', { 1: seed, 2: 'u' })).rejects.toMatchObject({ code: status.UNAVAILABLE })
})
