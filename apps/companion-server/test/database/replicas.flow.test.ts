import { randomBytes } from 'node:crypto'
import { cp, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { initServer } from '../../src/commands/init.ts'
import { type Listening, startServer } from '../../src/commands/start.ts'
import { enumerations } from '../../src/doors/kmip/codec/enumerations.ts'
import { byteString, textString } from '../../src/doors/kmip/codec/fields.ts'
import { decodeItem, encodeItem } from '../../src/doors/kmip/codec/ttlv.ts'
import { writeRequest } from '../../src/doors/kmip/message/request.ts'
import { readResponse } from '../../src/doors/kmip/message/response.ts'
import { connect } from '../../src/platform/database/open.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { issueClientCertificate, ownAuthority, type TlsKey } from '../../src/platform/tls/certificate.ts'
import { bareHeader } from '../doors/kmip/support/bare-header.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given } from '../support/kms-under-test.ts'
import { startSharedDatabase } from '../support/shared-database.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/** Two servers of one deployment: the same state, one PostgreSQL. */
const folders = ['a', 'b'] as const
type Which = (typeof folders)[number]
const replicas = new Map<Which, Listening>()
let folder = ''
let postgres: Awaited<ReturnType<typeof startSharedDatabase>>
let place = { organisation: '', project: '' }
let keyId = ''
let disks: TlsKey
let ca = ''

const start = async (which: Which) =>
  replicas.set(
    which,
    await startServer(stateFolder(join(folder, which)), {
      host: '127.0.0.1',
      port: 0,
      behindTlsProxy: true,
      kmip: 0,
    }),
  )
const at = (which: Which): Listening => {
  const found = replicas.get(which)
  if (found === undefined) throw new Error(`${which} does not run`)
  return found
}

beforeAll(async () => {
  folder = await makeFolder()
  postgres = await startSharedDatabase(join(folder, 'postgres'))
  vi.stubEnv('DATABASE_URL', postgres.url)
  vi.stubEnv('LOG_LEVEL', 'error')
  vi.stubEnv('ROOT_ENCRYPTION_KEY', randomBytes(32).toString('base64'))
  const state = stateFolder(join(folder, 'a'))
  given(await initServer({ state, domain: 'rehearsal', token: 'root-key', pinFile: null }))
  // Of one CA, which both have.
  disks = await issueClientCertificate(state, { name: 'disks', days: 9 }, new Date())
  ca = await ownAuthority(state, new Date())
  await cp(state.root, join(folder, 'b'), { recursive: true })
  await start('a')
  await start('b')
  const { organisations, keys } = at('a').services
  const organisation = given(await organisations.createOrganisation(as('server-admin'), { name: 'Here' })).id
  const chief = as('organisation-admin', { organisation, project: null })
  const project = given(await organisations.createProject(chief, { organisation, name: 'P' })).id
  place = { organisation, project }
  keyId = given(await keys.create(as('crypto-officer', place), { project, name: 'orders' })).id
})

afterAll(async () => {
  for (const replica of replicas.values()) await replica.close()
  await postgres.stop()
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const as = (role: string, where: object = { organisation: null, project: null }) =>
  ({
    caller: { identity: role, grants: [{ role, ...where }] },
    door: 'direct',
    reqId: 't',
    receipt: null,
  }) as never

/** A service's access token, by replica `a`. */
async function newService(name: string) {
  const { database, authentication } = at('a').services
  const { clientId, clientSecret, identity } = await createIdentity(database, {
    name,
    grants: [{ role: 'service', ...place }],
  })
  const made = await authentication.logIn(clientId, clientSecret, 'here')
  if (made === 'refused') throw new Error('refused')
  return { identity, token: made.accessToken }
}

test('KEY-SHREDDED what one server shredded, the other refuses too, whatever database is put back under it', async () => {
  const [a, b] = [at('a').services, at('b').services]
  const officer = as('crypto-officer', place)
  const make = async (name: string) =>
    given(await a.keys.create(officer, { project: place.project, name })).id
  const [id, other] = [await make('gone'), await make('stays')]
  const service = as('service', place)
  const plaintext = new Uint8Array(3)
  const ciphertext = given(await b.keys.encrypt(service, { id, plaintext }))
  const older = {
    key: await a.database.selectFrom('key').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    version: await a.database
      .selectFrom('key_version')
      .selectAll()
      .where('key_id', '=', id)
      .executeTakeFirstOrThrow(),
  }
  // A tombstone that no server signed stands for nothing.
  const forged = {
    level: 'data',
    id: other,
    digest: 'ab'.repeat(32),
    receipt: '{}',
    shredded_at: new Date(),
  } as const
  await a.database.insertInto('tombstone').values(forged).execute()
  given(await a.lifecycle.shred(officer, { id, confirm: 'gone' }))
  const known = () => readFile(b.state.shredLog, 'utf8').catch(() => '')
  await expect.poll(known, { timeout: 30_000 }).toContain(id)
  // Once only, and not what is in its log already.
  expect((await known()).trim().split('\n')).toHaveLength(1)
  expect(await known()).toBe(await readFile(a.state.shredLog, 'utf8'))

  const owner = connect(postgres.owner)
  await owner.deleteFrom('tombstone').execute()
  await owner.destroy()
  const { is_disabled, destroy_at } = older.key
  await lawfully(a.database).update('key', { id }, { is_disabled, destroy_at })
  const { wrapped, state } = older.version
  await lawfully(a.database).update('key_version', { key_id: id, version: 1 }, { wrapped, state })
  for (const { keys, unwrapping } of [a, b]) {
    unwrapping.forgetAll()
    await expect(keys.decrypt(service, { id, ciphertext })).rejects.toMatchObject({ code: 'KEY-SHREDDED' })
    given(await keys.encrypt(service, { id: other, plaintext }))
  }
})

type Reply = { readonly status: number; readonly body: string }

const agent = new Agent({ keepAlive: true })

function ask(which: Which, path: string, token = '', payload?: object): Promise<Reply> {
  return new Promise((done, failed) => {
    const asked = request(
      `${at(which).address}${path}`,
      {
        agent,
        method: payload === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      },
      (reply) => {
        let body = ''
        reply.setEncoding('utf8').on('data', (part: string) => {
          body += part
        })
        reply.on('end', () => done({ status: reply.statusCode ?? 0, body }))
        reply.on('error', failed)
      },
    )
    asked.on('error', failed)
    asked.end(payload === undefined ? undefined : JSON.stringify(payload))
  })
}

/** A KMIP client, which keeps its connections; one that was ended before it answered anything is asked no more, and another is. */
function openKmipClient(pick: () => Which | undefined) {
  const kept = new Map<Which, TLSSocket>()
  const question = encodeItem(
    writeRequest({
      header: { ...bareHeader, version: '1.4' },
      items: [
        {
          operation: enumerations.Operation.Encrypt,
          ephemeral: null,
          id: null,
          extensions: [],
          payload: [textString('UniqueIdentifier', keyId), byteString('Data', new Uint8Array(3))],
        },
      ],
    }),
  )
  const verdictOf = (bytes: Buffer): string => {
    const [item] = given(readResponse(given(decodeItem(bytes)))).items
    return item?.result.status === 'failed' ? String(item.result.message) : (item?.result.status ?? 'none')
  }
  function connected(which: Which): TLSSocket {
    const port = at(which).kmipPort ?? 0
    const socket = connectTls({ host: '127.0.0.1', port, ca, ...disks })
    socket.on('close', () => kept.get(which) === socket && kept.delete(which))
    kept.set(which, socket)
    return socket
  }
  /** `ended`: without one byte of an answer. */
  const askOnce = (which: Which): Promise<string> =>
    new Promise((done) => {
      const socket = kept.get(which) ?? connected(which)
      let held = Buffer.alloc(0)
      const over = (said: string) => {
        for (const event of ['data', 'end', 'error']) socket.removeAllListeners(event)
        socket.on('error', () => socket.destroy())
        if (said !== 'success') {
          kept.delete(which)
          socket.destroy()
        }
        done(said)
      }
      const ended = () => over(held.length === 0 ? 'ended' : 'cut off')
      socket.on('end', ended).on('error', ended)
      socket.on('data', (chunk: Buffer) => {
        held = Buffer.concat([held, chunk])
        if (held.length >= 8 && held.length >= 8 + held.readUInt32BE(4)) over(verdictOf(held))
      })
      socket.write(question)
    })
  return {
    async ask(): Promise<string> {
      for (let tries = 0; tries < 3; tries++) {
        const which = pick()
        if (which === undefined) return 'no replica is ready'
        if (!replicas.has(which)) continue
        const said = await askOnce(which)
        if (said !== 'ended') return said
      }
      return 'ended'
    },
    close() {
      for (const socket of kept.values()) socket.destroy()
    },
  }
}

const encrypt = (which: Which, token: string) =>
  ask(which, `/api/v1/kms/keys/${keyId}/encrypt`, token, { plaintext: 'AAAA' })
const status = async (which: Which, token: string) => (await encrypt(which, token)).status
const waitFor = (seen: () => Promise<unknown>) => vi.waitFor(seen, { timeout: 20_000, interval: 20 })

test('REPLICAS what one seals the other opens, and what is ended at one is ended at the other', async () => {
  const one = await newService('one')
  const sealed = await encrypt('a', one.token)
  const { ciphertext } = JSON.parse(sealed.body)
  const opened = await ask('b', `/api/v1/kms/keys/${keyId}/decrypt`, one.token, { ciphertext })
  expect(JSON.parse(opened.body)).toEqual({ plaintext: 'AAAA' })

  const { organisations, keys, database } = at('a').services
  given(
    await organisations.revokeIdentity(as('organisation-admin', { ...place, project: null }), {
      identity: one.identity,
    }),
  )
  await waitFor(async () => expect(await status('b', one.token)).toBe(401))

  const two = await newService('two')
  expect(await status('b', two.token)).toBe(200)
  await lawfully(database).remove('role_grant', { identity_id: two.identity })
  await waitFor(async () => expect(await status('b', two.token)).toBe(404))

  const three = await newService('three')
  expect(await status('b', three.token)).toBe(200)
  const officer = as('crypto-officer', place)
  given(await keys.rotate(officer, { id: keyId }))
  const { database: other } = at('b').services
  const newest = await other.selectFrom('key').select('current_version').where('id', '=', keyId).execute()
  expect(newest).toEqual([{ current_version: 2 }])
})

test('REPLICAS a key that one switches off, somebody changes by hand or one shreds is refused by the next call at the other, in use and without the feed', async () => {
  const { keys, lifecycle, database } = at('a').services
  const officer = as('crypto-officer', place)
  const { project } = place
  const id = given(await keys.create(as('crypto-officer', place), { project, name: 'ledger' })).id
  const { token } = await newService('five')
  const use = async () =>
    (await ask('b', `/api/v1/kms/keys/${id}/encrypt`, token, { plaintext: 'AAAA' })).status
  const seen = new Set<number>()
  const load = { done: false }
  const loops = Array.from({ length: 8 }, async () => {
    while (!load.done) seen.add(await use())
  })
  await waitFor(async () => expect(seen).toContain(200))
  for (let round = 0; round < 5; round++) {
    given(await keys.patch(officer, { id, isDisabled: true }))
    expect(await use()).toBe(400)
    given(await keys.patch(officer, { id, isDisabled: false }))
    expect(await use()).toBe(200)
  }
  for (const [state, expected] of [
    ['disabled', 400],
    ['enabled', 200],
  ] as const) {
    await lawfully(database).update('key_version', { key_id: id }, { state })
    expect(await use()).toBe(expected)
  }
  const owner = connect(postgres.owner)
  const { rows } =
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %'`
      .execute(owner)
      .finally(() => owner.destroy())
  expect(rows).toHaveLength(2)
  given(await lifecycle.shred(officer, { id, confirm: 'ledger' }))
  expect(await use()).toBe(400)
  load.done = true
  await Promise.all(loops)
  expect([...seen].toSorted((a, b) => a - b)).toEqual([200, 400])
})

test('REPLICAS the database tells a replica at once, and one that did not hear forgets all it kept', async () => {
  const heard: string[] = []
  const { openChanges } = await import('../../src/platform/database/changes.ts')
  const listener = openChanges(
    { connectionString: postgres.url, application_name: 'listener' },
    { access: () => heard.push('access'), keys: () => heard.push('keys') },
  )
  await waitFor(async () => expect(heard).toEqual(['access', 'keys']))
  const { database } = at('a').services
  await newService('four')
  await waitFor(async () => expect(heard.slice(2)).toEqual(['access']))
  await lawfully(database).update('key_version', { version: 1 }, { state: 'decrypt-only' })
  await waitFor(async () => expect(heard.slice(3)).toEqual(['keys']))
  const owner = connect(postgres.owner)
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'listener'`.execute(
    owner,
  )
  await owner.destroy()
  // Once when the connection is lost, once when it is back.
  await waitFor(async () => expect(heard.slice(4)).toEqual(['access', 'keys', 'access', 'keys']))
  await listener.close()
})

test('REPLICAS each is stopped and started in turn under load, behind a balancer that asks for readiness, without a failed request', async () => {
  const { token } = await newService('load')
  const ready = new Set<Which>(folders)
  const looking = { done: false }
  const look = async () => {
    while (!looking.done)
      for (const which of folders) {
        const reply = replicas.has(which) ? await ask(which, '/readiness').catch(() => null) : null
        if (reply?.status === 200) ready.add(which)
        else ready.delete(which)
      }
  }
  const replies: (number | string)[] = []
  let turn = 0
  const pick = () => [...ready][turn++ % ready.size]
  const load = async () => {
    while (!looking.done) {
      const which = pick()
      if (which === undefined) replies.push('no replica is ready')
      else replies.push(await status(which, token).catch((error: unknown) => String(error)))
    }
  }
  const { services } = at('a')
  const { identity } = await createIdentity(services.database, {
    name: 'disks',
    grants: [{ role: 'service', ...place }],
  })
  const chief = as('organisation-admin', { ...place, project: null })
  const wanted = { certificate: disks.cert, name: 'disks', identity, project: place.project }
  given(await services.kmipRegistry.register(chief, wanted))
  const byKmip: string[] = []
  const kmip = async () => {
    const client = openKmipClient(pick)
    while (!looking.done) byKmip.push(await client.ask())
    client.close()
  }
  const running = [look(), load(), load(), load(), load(), kmip(), kmip()]
  const more = async (count: number) => {
    const before = [replies.length, byKmip.length] as const
    await waitFor(async () => expect(replies.length).toBeGreaterThan(before[0] + count))
    await waitFor(async () => expect(byKmip.length).toBeGreaterThan(before[1] + count))
  }
  for (const which of folders) {
    const stopping = at(which)
    await more(20)
    await stopping.drain()
    await waitFor(async () => expect(ready).not.toContain(which))
    // What was on its way to it when the balancer last looked.
    await more(20)
    replicas.delete(which)
    await stopping.close()
    await start(which)
    await waitFor(async () => expect(ready).toContain(which))
  }
  await more(20)
  looking.done = true
  await Promise.all(running)
  expect(replies.filter((reply) => reply !== 200)).toEqual([])
  expect(byKmip.filter((said) => said !== 'success')).toEqual([])
  // Nothing was done whose answer did not come.
  const { done } = await at('a')
    .services.database.selectFrom('audit')
    .select(({ fn }) => fn.countAll<string>().as('done'))
    .where('identity_id', '=', identity)
    .where('operation', '=', 'key.encrypt')
    .executeTakeFirstOrThrow()
  expect(Number(done)).toBe(byKmip.length)
  expect((await ask('a', '/readiness')).body).toBe('{"status":"ready"}')
})

test('REPLICAS a server that drains says that it is not ready, and answers what it is asked', async () => {
  const { token } = await newService('late')
  await at('b').drain()
  const readiness = await ask('b', '/readiness')
  expect([readiness.status, JSON.parse(readiness.body).code]).toEqual([503, 'SERVER-STOPPING'])
  expect(await status('b', token)).toBe(200)
})
