import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Call } from '../apps/companion-server/src/audit/record.ts'
import { initServer } from '../apps/companion-server/src/commands/init.ts'
import { type Listening, startServer } from '../apps/companion-server/src/commands/start.ts'
import { stateFolder } from '../apps/companion-server/src/platform/state-folder/folder.ts'
import { createIdentity } from '../apps/companion-server/test/support/create-identity.ts'
import { startSharedDatabase } from '../apps/companion-server/test/support/shared-database.ts'
import { type Row, timeRow } from './row.ts'

const rounds = 20
const callers = 4
/** What the server promises. */
const bound = 1000

/**
 * Time from one replica's answer that an identity is revoked, or a key disabled, until the other refuses, while both serve others. The
 * row's name has the worst round, because a bound is promised and not a median.
 */
export async function benchReplicas(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lux-bench-replicas-'))
  const postgres = await startSharedDatabase(join(folder, 'postgres'))
  const replicas: Listening[] = []
  try {
    Object.assign(process.env, {
      DATABASE_URL: postgres.url,
      LOG_LEVEL: 'error',
      RATE_LIMIT_PER_SECOND: '1000000',
    })
    process.env.ROOT_ENCRYPTION_KEY = randomBytes(32).toString('base64')
    const state = stateFolder(join(folder, 'a'))
    taken(await initServer({ state, domain: 'rehearsal', token: 'root-key', pinFile: null }))
    cpSync(state.root, join(folder, 'b'), { recursive: true })
    for (const which of ['a', 'b'])
      replicas.push(
        await startServer(stateFolder(join(folder, which)), {
          host: '127.0.0.1',
          port: 0,
          behindTlsProxy: true,
        }),
      )
    const [one, other] = replicas
    if (one === undefined || other === undefined) throw new Error('a replica is missing')
    return await measured(one, other)
  } finally {
    for (const replica of replicas) await replica.close()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const as = (role: 'server-admin' | 'organisation-admin' | 'crypto-officer', where: Place): Call => ({
  caller: { identity: role, grants: [{ role, ...where }] },
  door: 'direct',
  reqId: 'bench',
  receipt: null,
})
type Place = { readonly organisation: string | null; readonly project: string | null }

async function measured(one: Listening, other: Listening): Promise<Row[]> {
  const { organisations, keys, database, authentication } = one.services
  const nowhere = { organisation: null, project: null }
  const organisation = taken(
    await organisations.createOrganisation(as('server-admin', nowhere), { name: 'Here' }),
  ).id
  const chief = as('organisation-admin', { organisation, project: null })
  const project = taken(await organisations.createProject(chief, { organisation, name: 'P' })).id
  const place = { organisation, project }
  const officer = as('crypto-officer', place)
  const newKey = async (name: string) => taken(await keys.create(officer, { project, name })).id
  const service = async (name: string) => {
    const made = await createIdentity(database, { name, grants: [{ role: 'service', ...place }] })
    const session = await authentication.logIn(made.clientId, made.clientSecret, 'here')
    if (session === 'refused') throw new Error('the log-in was refused')
    return { identity: made.identity, token: session.accessToken }
  }
  const agent = new Agent({ keepAlive: true })
  const encrypt = (at: Listening, key: string, token: string): Promise<number> =>
    new Promise((done, failed) => {
      const asked = request(
        `${at.address}/api/v1/kms/keys/${key}/encrypt`,
        {
          agent,
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        },
        (reply) => {
          reply.resume().on('end', () => done(reply.statusCode ?? 0))
          reply.on('error', failed)
        },
      )
      asked.on('error', failed)
      asked.end('{"plaintext":"AAAA"}')
    })
  const until = async (key: string, token: string, wanted: number): Promise<number> => {
    const began = performance.now()
    while ((await encrypt(other, key, token)) !== wanted);
    return performance.now() - began
  }

  const busy = { key: await newKey('busy'), token: (await service('busy')).token, over: false, failed: 0 }
  const load = async (at: Listening) => {
    while (!busy.over) if ((await encrypt(at, busy.key, busy.token)) !== 200) busy.failed++
  }
  const running = [one, other].flatMap((at) => Array.from({ length: callers }, () => load(at)))
  const revoked: number[] = []
  const disabled: number[] = []
  for (let round = 0; round < rounds; round++) {
    const { identity, token } = await service(`s${round}`)
    const key = await newKey(`k${round}`)
    await until(key, token, 200)
    taken(await keys.patch(officer, { id: key, isDisabled: true }))
    disabled.push(await until(key, token, 400))
    taken(await keys.patch(officer, { id: key, isDisabled: false }))
    await until(key, token, 200)
    taken(await organisations.revokeIdentity(chief, { identity: identity }))
    revoked.push(await until(key, token, 401))
  }
  busy.over = true
  await Promise.all(running)
  agent.destroy()
  if (busy.failed > 0) throw new Error(`${busy.failed} requests of others failed`)
  const row = (work: string, ours: readonly number[]) =>
    timeRow({ work: `${work} (worst ${Math.max(...ours).toFixed(0)} ms)`, ours, limit: [bound], goal: 1 })
  return [
    row('a revoked identity, until the other replica refuses it', revoked),
    row('a key switched off, until the other replica refuses it', disabled),
  ]
}

function taken<T>(
  outcome: { readonly ok: true; readonly value: T } | { readonly ok: false; detail: string },
): T {
  if (!outcome.ok) throw new Error(outcome.detail)
  return outcome.value
}
