import { execFileSync } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { verifyAudit } from '../../src/audit/verify.ts'
import { type Listening, startServer } from '../../src/commands/start.ts'
import type { StateFolder } from '../../src/platform/state-folder/folder.ts'
import { readSettings, writeSettings } from '../../src/platform/state-folder/settings.ts'
import { createIdentity } from '../support/create-identity.ts'
import { buildFaultModule, calls } from '../support/fault-module.ts'
import { given } from '../support/kms-under-test.ts'
import { cardOf, changePinFile, makeServerState } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

let folder = ''
let state: StateFolder
let library = ''
let server: Listening
let token = ''
const key = { sealing: '', signing: '' }

const start = () => startServer(state, { host: '127.0.0.1', port: 0, behindTlsProxy: true, workers: 2 })
const waitFor = (seen: () => unknown) => vi.waitFor(seen, { timeout: 60_000, interval: 20 })

beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'error')
  folder = await makeFolder()
  state = await makeServerState(folder, 'rehearsal')
  library = buildFaultModule(folder)
  const settings = await readSettings(state)
  await writeSettings(state, { ...settings, token: { ...settings.token, library } })
})
afterAll(async () => {
  await server.close()
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

type Reply = {
  readonly status: number
  readonly id: string
  readonly receipt: string
  readonly body: { readonly [field: string]: string }
}

/** On a connection of its own, so that each goes to the next worker. */
function ask(path: string, payload?: object): Promise<Reply> {
  return new Promise((done, failed) => {
    const asked = request(
      `${server.address}${path}`,
      {
        agent: false,
        // A connection that was on its way to a worker when that died is answered by nobody: every client has its patience.
        timeout: 10_000,
        method: payload === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      },
      (reply) => {
        let body = ''
        reply.setEncoding('utf8').on('data', (part: string) => {
          body += part
        })
        reply.on('error', failed)
        reply.on('end', () => {
          const { 'x-request-id': id = '', 'audit-receipt': receipt = '' } = reply.headers
          done({
            status: reply.statusCode ?? 0,
            id: String(id),
            receipt: String(receipt),
            body: JSON.parse(body || '{}'),
          })
        })
      },
    )
    asked.on('timeout', () => asked.destroy(new Error('no answer')))
    asked.on('error', failed)
    asked.end(payload === undefined ? undefined : JSON.stringify(payload))
  })
}

test('TOKEN-PIN with several workers a wrong PIN is sent once, and each of them says why it is sealed', async () => {
  const good = await changePinFile(state, '99999999\n')
  server = await start()
  expect(server.workers).toHaveLength(2)
  expect(server.sealed).toMatchObject({ code: 'TOKEN-PIN' })
  for (const reply of await Promise.all(Array.from({ length: 6 }, () => ask('/readiness'))))
    expect([reply.status, reply.body.code]).toEqual([503, 'TOKEN-PIN'])
  const record = await readFile(state.refusedPin, 'utf8')
  expect(await server.services.token.unseal()).toMatchObject({ code: 'TOKEN-PIN' })
  expect(calls(library, 'C_Login')).toBe(1)
  expect(await readFile(state.refusedPin, 'utf8')).toBe(record)
  await changePinFile(state, good)
  await waitFor(async () => {
    const replies = await Promise.all(Array.from({ length: 4 }, () => ask('/readiness')))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })
  expect(calls(library, 'C_Login')).toBe(2)
})

test('WORKERS the figures are those of all workers, whichever is asked', async () => {
  const { organisations, keys, database, authentication } = server.services
  const call = (role: string, where: object = { organisation: null, project: null }) =>
    ({
      caller: { identity: role, grants: [{ role, ...where }] },
      door: 'direct',
      reqId: 't',
      receipt: null,
    }) as never
  const organisation = given(
    await organisations.createOrganisation(call('server-admin'), { name: 'Here' }),
  ).id
  const chief = call('organisation-admin', { organisation, project: null })
  const project = given(await organisations.createProject(chief, { organisation, name: 'P' })).id
  const place = { organisation, project }
  const officer = call('crypto-officer', place)
  key.sealing = given(await keys.create(officer, { project, name: 'orders' })).id
  const wanted = { project, name: 'papers', keyUsage: 'sign-verify', algorithm: 'ECC_NIST_P256' } as const
  key.signing = given(await keys.create(officer, wanted)).id
  const grants = [
    { role: 'service', ...place },
    { role: 'crypto-officer', ...place },
    { role: 'server-admin', organisation: null, project: null },
  ] as const
  const { clientId, clientSecret } = await createIdentity(database, { name: 'load', grants })
  const login = await authentication.logIn(clientId, clientSecret, 'here')
  if (login === 'refused') throw new Error('refused')
  token = login.accessToken

  for (let at = 0; at < 8; at++)
    expect((await ask(`/api/v1/kms/keys/${key.sealing}/encrypt`, { plaintext: 'AAAA' })).status).toBe(200)
  const figures = await new Promise<string>((done, failed) => {
    request(
      `${server.address}/metrics`,
      { agent: false, headers: { authorization: `Bearer ${token}` } },
      (r) => {
        let text = ''
        r.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        r.on('end', () => done(text))
      },
    )
      .on('error', failed)
      .end()
  })
  // Four of them each worker answered.
  expect(figures).toMatch(/custody_http_requests_total\{.*encrypt",status="200"\} 8\n/)
})

/** Counts calls for real: it is called until the count is reached, whatever comes in between. */
test('WORKERS a worker, the token host and the database die under load: what was acknowledged is in the audit once, and nothing is lost', async () => {
  const acknowledged: Reply[] = []
  const sealed: string[] = []
  const refusals = new Set<string>()
  let rotations = 0
  let over = false
  const url = `/api/v1/kms/keys/${key.sealing}`
  const said = async (work: () => Promise<Reply>): Promise<Reply | null> => {
    // A worker that dies breaks the connections that it has.
    const reply = await work().catch(() => null)
    if (reply?.status === 200) acknowledged.push(reply)
    else if (reply !== null) refusals.add(`${reply.status} ${reply.body.code}`)
    return reply?.status === 200 ? reply : null
  }
  const sealing = async () => {
    while (!over) {
      const reply = await said(() => ask(`${url}/encrypt`, { plaintext: 'b3JkZXI=' }))
      if (reply) sealed.push(reply.body.ciphertext ?? '')
    }
  }
  const signing = async () => {
    while (!over)
      await said(() =>
        ask(`/api/v1/kms/keys/${key.signing}/sign`, { data: 'b3JkZXI=', signingAlgorithm: 'ECDSA_SHA_256' }),
      )
  }
  // Each rotation makes every worker forget what it unwrapped: the token is asked again.
  const rotating = async () => {
    while (!over) if (await said(() => ask(`${url}/rotate`, {}))) rotations++
  }
  const load = [sealing(), sealing(), signing(), rotating()]
  const goesOn = async () => {
    const [before, turned] = [acknowledged.length, rotations]
    await waitFor(() => {
      expect(acknowledged.length).toBeGreaterThan(before + 40)
      expect(rotations).toBeGreaterThan(turned + 2)
    })
  }

  const { database } = server.services
  try {
    await goesOn()
    const [first = 0] = server.workers
    process.kill(first, 'SIGKILL')
    await waitFor(() => {
      expect(server.workers).toHaveLength(2)
      expect(server.workers).not.toContain(first)
    })
    await goesOn()

    const host = tokenHost()
    process.kill(host, 'SIGKILL')
    await waitFor(() => expect([0, host]).not.toContain(tokenHost()))
    await goesOn()

    const backends = async () => {
      const { rows } = await sql<{ pid: number }>`
        select pid from pg_stat_activity where backend_type = 'client backend'`.execute(database)
      return rows.map(({ pid }) => pid)
    }
    const before = await backends()
    process.kill(before[0] ?? 0, 'SIGKILL')
    // PostgreSQL ends all others with it, and starts from its log.
    await waitFor(async () => expect((await backends()).filter((pid) => before.includes(pid))).toEqual([]))
    await goesOn()
  } finally {
    over = true
    await Promise.all(load)
  }

  const allowed = /^503 (DATABASE-|AUDIT-UNAVAILABLE$|HSM-)/
  expect([...refusals].filter((one) => !allowed.test(one))).toEqual([])
  for (const [at, ciphertext] of sealed.entries())
    if (at % 20 === 0) expect((await ask(`${url}/decrypt`, { ciphertext })).body.plaintext).toBe('b3JkZXI=')

  const entries = await database.selectFrom('audit').select(['req_id', 'writer', 'seq', 'outcome']).execute()
  const byRequest = Map.groupBy(entries, ({ req_id }) => req_id)
  for (const { id, receipt } of acknowledged) {
    const its = byRequest.get(id) ?? []
    expect(its.map(({ outcome }) => outcome)).toEqual(['ok'])
    expect(receipt).toContain(`w=${its[0]?.writer};s=${its[0]?.seq};`)
  }
  // More chains than processes: one of the worker that died, and new ones after the database did.
  expect(new Set(entries.map(({ writer }) => writer)).size).toBeGreaterThan(3)
  await server.close()

  const { receiptKey } = await cardOf(state)
  server = await startServer(state, { host: '127.0.0.1', port: 0, behindTlsProxy: true })
  const { audience, database: same } = server.services
  const verdict = given(await verifyAudit(same, { receiptKey, audience }))
  expect(verdict.entries).toBeGreaterThanOrEqual(acknowledged.length)
})

/** The process that has the token's library, of this server. */
function tokenHost(): number {
  const text = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
  const found = text.split('\n').filter((line) => line.includes('hsm/src/host/main.ts'))
  return found.length === 1 ? Number(found[0]?.trim().split(' ')[0]) : 0
}
