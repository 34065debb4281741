import { readFile } from 'node:fs/promises'
import { connect, type TLSSocket } from 'node:tls'
import { equalBytes, utf8 } from '@lux/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operatorCall } from '../../../src/commands/operator-call.ts'
import { enumerations, type NameOf, nameOf } from '../../../src/doors/kmip/codec/enumerations.ts'
import { byteString, enumeration, structure, textString } from '../../../src/doors/kmip/codec/fields.ts'
import { type TagName, tags } from '../../../src/doors/kmip/codec/tags.ts'
import { decodeItem, encodeItem, type Item } from '../../../src/doors/kmip/codec/ttlv.ts'
import { type Attribute, writeAttributes } from '../../../src/doors/kmip/message/attributes.ts'
import { writeRequest } from '../../../src/doors/kmip/message/request.ts'
import { type Response, readResponse } from '../../../src/doors/kmip/message/response.ts'
import { jsonToTtlv, ttlvToJson } from '../../../src/doors/kmip/text/json.ts'
import { ttlvToXml, xmlToTtlv } from '../../../src/doors/kmip/text/xml.ts'
import { stateFolder } from '../../../src/platform/state-folder/folder.ts'
import { issueClientCertificate, type TlsKey } from '../../../src/platform/tls/certificate.ts'
import { lawfully } from '../../support/authority.ts'
import { makeFolder } from '../../support/temporary-folder.ts'
import { bareHeader } from './support/bare-header.ts'
import { startKmip } from './support/kmip-server.ts'

let kmip: Awaited<ReturnType<typeof startKmip>>
beforeAll(async () => {
  kmip = await startKmip()
})
afterAll(() => kmip.close())

const message = (name: NameOf<'Operation'>, payload: readonly Item[] = []): Uint8Array =>
  encodeItem(
    writeRequest({
      header: { ...bareHeader, version: '1.4' },
      items: [
        { operation: enumerations.Operation[name], ephemeral: null, id: null, payload, extensions: [] },
      ],
    }),
  )
const query = message('Query', [enumeration('QueryFunction', 1)])

async function open(
  tls: Partial<TlsKey> & { readonly localAddress?: string },
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
): Promise<TLSSocket> {
  const ca = await readFile(kmip.ca)
  return new Promise((done, failed) => {
    const socket = connect({ host: '127.0.0.1', port: kmip.port, ca, maxVersion, ...tls }, () => done(socket))
    socket.on('error', failed)
  })
}

/** What comes back until so many messages are whole, or the server ends the connection. */
function replies(socket: TLSSocket, count: number): Promise<Response[]> {
  // A connection that stands is asked again and again.
  for (const event of ['data', 'close', 'error']) socket.removeAllListeners(event)
  return new Promise((done, failed) => {
    let held = Buffer.alloc(0)
    const all: Response[] = []
    const take = () => {
      while (held.length >= 8 && held.length >= 8 + held.readUInt32BE(4)) {
        const end = 8 + held.readUInt32BE(4)
        const item = decodeItem(held.subarray(0, end))
        const response = item.ok ? readResponse(item.value) : item
        if (!response.ok) return failed(new Error(response.detail))
        all.push(response.value)
        held = held.subarray(end)
      }
      if (all.length >= count) done(all)
    }
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk])
      take()
    })
    socket.on('close', () => done(all))
    socket.on('error', failed)
  })
}

async function ask(tls: TlsKey, ...messages: readonly Uint8Array[]): Promise<Response[]> {
  const socket = await open(tls)
  try {
    const all = replies(socket, messages.length)
    for (const one of messages) socket.write(one)
    return await all
  } finally {
    socket.destroy()
  }
}

const said = ({ items }: Response): string => {
  const result = items[0]?.result
  return result?.status === 'failed'
    ? `${nameOf('ResultReason', result.reason)} ${result.message}`
    : (result?.status ?? 'none')
}
const firstOf = (response: Response | undefined, name: TagName): Item['value'] | undefined => {
  const result = response?.items[0]?.result
  if (result?.status !== 'success') throw new Error(response && said(response))
  return result.payload.find(({ tag }) => tag === tags[name])?.value
}

test('KMIP-TLS a certificate of the server’s own CA is answered, in TLS 1.2 and 1.3, and none without one', async () => {
  const { tls } = await kmip.client('one')
  expect((await ask(tls, query)).map(said)).toEqual(['success'])
  const older = await open(tls, 'TLSv1.2')
  const all = replies(older, 1)
  older.write(query)
  expect((await all).map(said)).toEqual(['success'])
  older.destroy()
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const bare = await open({}, version)
    expect((await replies(bare, 1)).map(said)).toEqual([
      'AuthenticationNotSuccessful KMIP-CERTIFICATE: the connection shows none',
    ])
    bare.destroy()
  }
})

test('KMIP-TLS a certificate of another CA, an expired one and an unknown one are refused, each in its own way', async () => {
  const foreign = await issueClientCertificate(
    stateFolder(await makeFolder()),
    { name: 'x', days: 9 },
    new Date(),
  )
  const outcome = async (tls: TlsKey) => (await ask(tls, query)).map(said)
  const refused = (why: string) => [`AuthenticationNotSuccessful KMIP-CERTIFICATE: ${why}`]
  expect(await outcome(foreign)).toEqual(refused('the certificate is of another CA'))
  const past = await issueClientCertificate(
    kmip.state,
    { name: 'x', days: 1 },
    new Date(Date.now() - 3 * 86_400_000),
  )
  // Registered, and as if it held: its own end counts all the same.
  await kmip.register('past', past, ['service'])
  const later = { expires_at: new Date(Date.now() + 86_400_000) }
  await lawfully(kmip.services.database).update('kmip_client', { name: 'past' }, later)
  expect(await outcome(past)).toEqual(refused('the certificate has expired'))
  const unknown = await issueClientCertificate(kmip.state, { name: 'x', days: 9 }, new Date())
  expect(await outcome(unknown)).toEqual(refused('the certificate is registered for nobody'))
})

test('KMIP-TLS who is refused is counted by his address, once for each connection, and one who says nothing too', async () => {
  const { database } = kmip.services
  // An address of this machine that no other test comes from.
  const localAddress = '127.0.0.2'
  const counted = async (): Promise<number> => {
    const rows = await database
      .selectFrom('audit')
      .select('outcome')
      .where('operation', '=', 'unauthenticated.failures')
      .execute()
    return rows
      .map(({ outcome }): Record<string, number> => JSON.parse(outcome ?? '{}'))
      .reduce((sum, one) => sum + (one[localAddress] ?? 0), 0)
  }
  const unknown = await issueClientCertificate(kmip.state, { name: 'x', days: 9 }, new Date())
  const silent = await open({ ...unknown, localAddress })
  await expect.poll(counted, { timeout: 30_000 }).toBe(1)
  const all = replies(silent, 1)
  silent.write(query)
  expect((await all).map(said)).toEqual([expect.stringContaining('KMIP-CERTIFICATE')])
  // Without a certificate at all, with one of another CA, and with one that is over.
  const foreign = await issueClientCertificate(
    stateFolder(await makeFolder()),
    { name: 'x', days: 9 },
    new Date(),
  )
  const past = await issueClientCertificate(
    kmip.state,
    { name: 'x', days: 1 },
    new Date(Date.now() - 3 * 86_400_000),
  )
  for (const [index, tls] of [{}, foreign, past].entries()) {
    const refused = await open({ ...tls, localAddress })
    expect((await replies(refused, 1)).map(said)).toEqual([expect.stringContaining('KMIP-CERTIFICATE')])
    refused.destroy()
    await expect.poll(counted, { timeout: 30_000 }).toBe(index + 2)
  }
})

test('KMIP-TLS an address holds few connections before it is known, and shuts no known client out', async () => {
  const localAddress = '127.0.0.3'
  const { tls } = await kmip.client('known')
  const stranger = await issueClientCertificate(kmip.state, { name: 'x', days: 9 }, new Date())
  const opens = (own: TlsKey) => open({ ...own, localAddress }).catch(() => null)
  // Of a known client they do not count as a stranger's.
  const held: TLSSocket[] = []
  for (let count = 0; count < 70; count++) {
    const one = await open({ ...tls, localAddress })
    held.push(one)
    const first = replies(one, 1)
    one.write(query)
    expect((await first).map(said)).toEqual(['success'])
  }
  const all = await Promise.all(Array.from({ length: 80 }, () => opens(stranger)))
  const strange = all.filter((one) => one !== null)
  expect(strange).toHaveLength(64)
  // From elsewhere there is room, and here again once they are over.
  expect((await ask(tls, query)).map(said)).toEqual(['success'])
  for (const one of strange) one.destroy()
  await expect.poll(async () => (await opens(tls))?.destroy() !== undefined).toBe(true)
  for (const one of held) one.destroy()
})

test('KMIP-TLS one that is revoked is answered no more, on a connection that stands too', async () => {
  const { tls, fingerprint } = await kmip.client('ended')
  const socket = await open(tls)
  const first = replies(socket, 1)
  socket.write(query)
  expect((await first).map(said)).toEqual(['success'])
  expect((await kmip.services.kmipRegistry.revoke(operatorCall(), { fingerprint })).ok).toBe(true)
  await expect
    .poll(async () => {
      if (socket.destroyed) return 'closed'
      const next = replies(socket, 1)
      socket.write(query)
      return said((await next).at(-1)!)
    })
    .toBe('AuthenticationNotSuccessful KMIP-CERTIFICATE: the certificate is revoked')
  await expect.poll(() => socket.destroyed || socket.readableEnded).toBe(true)
  expect((await ask(tls, query)).map(said)[0]).toContain('the certificate is revoked')
})

test('KMIP-SOCKET messages in pieces and several at once are answered in order; bytes that are none end the connection', async () => {
  const { tls } = await kmip.client('pieces')
  const socket = await open(tls)
  const all = replies(socket, 3)
  const three = Buffer.concat([query, message('Certify'), query])
  for (let at = 0; at < three.length; at += 7) socket.write(three.subarray(at, at + 7))
  expect((await all).map(said)).toEqual([
    'success',
    expect.stringMatching(/^OperationNotSupported/),
    'success',
  ])
  socket.destroy()
  const lie = Buffer.from(query)
  lie.writeUInt32BE(0xffff_fff8, 4)
  expect((await ask(tls, lie, query)).map(said)).toEqual([
    expect.stringMatching(/^InvalidMessage TTLV-LIMIT/),
  ])
  expect((await ask(tls, utf8('GET / HTTP/1.1\r\n\r\n'))).map(said)).toEqual([
    expect.stringMatching(/^InvalidMessage TTLV-MALFORMED/),
  ])
})

const attribute = (
  name: 'Name' | 'CryptographicAlgorithm' | 'CryptographicLength' | 'CryptographicUsageMask',
  value: Item,
): Attribute => ({
  name,
  index: null,
  value,
})
const aes = (name: string): readonly Item[] => [
  enumeration('ObjectType', enumerations.ObjectType.SymmetricKey),
  structure(
    'TemplateAttribute',
    writeAttributes('1.4', [
      attribute('Name', structure('Name', [textString('NameValue', name), enumeration('NameType', 1)])),
      attribute('CryptographicAlgorithm', enumeration('CryptographicAlgorithm', 3)),
      attribute('CryptographicLength', { tag: tags.CryptographicLength, type: 'integer', value: 256 }),
      attribute('CryptographicUsageMask', { tag: tags.CryptographicUsageMask, type: 'integer', value: 12 }),
    ]),
  ),
]

test('KMIP-HTTP the same messages over HTTP, with the same keys, permissions and audit', async () => {
  const { tls, clientId, clientSecret } = await kmip.client('http')
  const id = firstOf((await ask(tls, message('Create', aes('shared'))))[0], 'UniqueIdentifier')
  expect(
    (await ask(tls, message('Activate', [textString('UniqueIdentifier', String(id))]))).map(said),
  ).toEqual(['success'])
  const sealed = firstOf(
    (
      await ask(
        tls,
        message('Encrypt', [textString('UniqueIdentifier', String(id)), byteString('Data', utf8('text'))]),
      )
    )[0],
    'Data',
  )
  const { fetch } = await httpsClient()
  const login = await fetch('/api/v1/auth/universal-auth/login', { json: { clientId, clientSecret } })
  const { accessToken } = JSON.parse(login.body.toString())
  const send = (bytes: Uint8Array, token = accessToken) =>
    fetch(`/api/v1/kmip?projectId=${kmip.project.id}`, { bytes, token })
  const reply = await send(
    message('Decrypt', [
      textString('UniqueIdentifier', String(id)),
      byteString('Data', sealed as Uint8Array),
    ]),
  )
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/octet-stream'])
  expect(String(reply.headers['audit-receipt'])).toMatch(/^v1;w=/)
  const item = decodeItem(reply.body)
  const response = item.ok ? readResponse(item.value) : item
  if (!response.ok) throw new Error(response.detail)
  expect(equalBytes(firstOf(response.value, 'Data') as Uint8Array, utf8('text'))).toBe(true)
  // The same in KMIP's JSON and XML, and the answer as the question.
  for (const [type, write, read] of [
    ['application/json', ttlvToJson, jsonToTtlv],
    ['text/xml', ttlvToXml, xmlToTtlv],
  ] as const) {
    const question = message('Decrypt', [
      textString('UniqueIdentifier', String(id)),
      byteString('Data', sealed as Uint8Array),
    ])
    const text = (body: string) =>
      fetch(`/api/v1/kmip?projectId=${kmip.project.id}`, { bytes: utf8(body), token: accessToken, type })
    const answered = await text(write(question))
    expect([answered.status, answered.headers['content-type']]).toEqual([200, expect.stringContaining(type)])
    const back = decodeItem(read(answered.body.toString()))
    const readBack = back.ok ? readResponse(back.value) : back
    if (!readBack.ok) throw new Error(readBack.detail)
    expect(equalBytes(firstOf(readBack.value, 'Data') as Uint8Array, utf8('text'))).toBe(true)
    expect((await text('<!DOCTYPE a>')).body.toString()).toContain('KMIP-MESSAGE')
  }
  expect((await send(query, 'x'.repeat(43))).status).toBe(401)
  const spoiled = decodeItem((await send(new Uint8Array(9))).body)
  expect(spoiled.ok && readResponse(spoiled.value).ok).toBe(true)
  const { database } = kmip.services
  const rows = await database
    .selectFrom('audit')
    .select('entry')
    .where('entry', 'like', '%"kmip"%')
    .orderBy('seq')
    .execute()
  const doors = rows.map(({ entry }) => JSON.parse(entry!)).filter(({ key }) => key === id)
  expect(doors.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
    'key.create ok',
    'key.activate ok',
    'key.encrypt ok',
    ...Array.from({ length: 3 }, () => 'key.decrypt ok'),
  ])
})

async function httpsClient() {
  const { request } = await import('node:https')
  const ca = await readFile(kmip.ca)
  const { port } = new URL(kmip.server.address)
  return {
    fetch: (
      path: string,
      { json, bytes, token, type }: { json?: object; bytes?: Uint8Array; token?: string; type?: string },
    ): Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }> =>
      new Promise((done, failed) => {
        const call = request({ host: '127.0.0.1', port, path, method: 'POST', ca }, (reply) => {
          const chunks: Buffer[] = []
          reply.on('data', (chunk) => chunks.push(chunk))
          reply.on('end', () =>
            done({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) }),
          )
        })
        call.on('error', failed)
        const said = type ?? 'application/octet-stream'
        call.setHeader('content-type', json === undefined ? said : 'application/json')
        if (token !== undefined) call.setHeader('authorization', `Bearer ${token}`)
        call.end(json === undefined ? bytes : JSON.stringify(json))
      }),
  }
}

test('KMIP-ACCESS a role that holds in some networks alone holds for the address of the connection, which the audit log names', async () => {
  const certificate = (name: string) => issueClientCertificate(kmip.state, { name, days: 9 }, new Date())
  const [near, far] = await Promise.all([certificate('near'), certificate('far')])
  await kmip.register('near', near, ['service'], { networks: ['127.0.0.0/8'] })
  await kmip.register('far', far, ['service'], { networks: ['192.0.2.0/24'] })
  const random = message('RNGRetrieve', [{ tag: tags.DataLength, type: 'integer', value: 8 }])
  expect((await ask(near, random)).map(said)).toEqual(['success'])
  expect((await ask(far, random)).map(said)).toEqual([
    expect.stringMatching(/^PermissionDenied CONDITION-UNMET/),
  ])
  const { database } = kmip.services
  const rows = await database.selectFrom('audit').select('entry').where('operation', '=', 'random').execute()
  expect(rows.map(({ entry }) => JSON.parse(entry!)).map(({ outcome, source }) => [outcome, source])).toEqual(
    expect.arrayContaining([
      ['ok', '127.0.0.1'],
      ['CONDITION-UNMET', '127.0.0.1'],
    ]),
  )
})

test('KMIP-ACCESS who only uses keys makes none, by this door neither', async () => {
  const { tls } = await kmip.client('user', ['service'])
  expect((await ask(tls, message('Create', aes('not mine')))).map(said)).toEqual([
    expect.stringMatching(/^PermissionDenied ROLE-REFUSED/),
  ])
})

// The last: a server that drains does not go back.
test('KMIP-DRAIN a server that is about to stop answers what has come, and then ends each connection', async () => {
  const { tls } = await kmip.client('leaving')
  const socket = await open(tls)
  const first = replies(socket, 1)
  socket.write(query)
  expect((await first).map(said)).toEqual(['success'])
  kmip.services.draining.begin()
  const ended = new Promise((done) => socket.once('end', done))
  const last = replies(socket, 2)
  socket.write(Buffer.concat([query, query]))
  expect((await last).map(said)).toEqual(['success', 'success'])
  await ended
  expect((await ask(tls, query)).map(said)).toEqual(['success'])
})
