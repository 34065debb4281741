import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join, relative } from 'node:path'
import { sql } from 'kysely'
import { afterAll, expect, test, vi } from 'vitest'
import { acceptState } from '../../src/commands/accept-state.ts'
import { initServer } from '../../src/commands/init.ts'
import { verifyAuditLog } from '../../src/commands/operator.ts'
import { startServer } from '../../src/commands/start.ts'
import { migrateUp } from '../../src/platform/database/migrate.ts'
import { connect } from '../../src/platform/database/open.ts'
import { startEmbedded } from '../../src/platform/postgres/embedded.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { readSettings } from '../../src/platform/state-folder/settings.ts'
import { given } from '../support/kms-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

// They need the history of the repository, which a checkout for npm test need not have.
/** The oldest version that may serve beside this one on one database; where there are releases, it is the newest one. */
const before = process.env.LUX_VERSION_BEFORE ?? '192efb285928bd080b22726104f0482a66eecc10'
/** One of before authority was sealed: no other version serves beside it, and its database is accepted once. */
const unsealed = process.env.LUX_VERSION_UNSEALED ?? '331e66def7f9652bd4365b5eb96e5de5c4006950'

const root = join(import.meta.dirname, '../../../..')
const closing: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  vi.unstubAllEnvs()
})

/** The tree of an older version, with the packages that are installed here, its own workspaces, and what starts a server of it. */
function checkOut(folder: string, version: string): string {
  const tree = join(folder, 'before')
  mkdirSync(tree)
  const archive = execFileSync('git', ['archive', '--format=tar', version], {
    cwd: root,
    maxBuffer: 1 << 30,
  })
  execFileSync('tar', ['-x', '-C', tree], { input: archive })
  cpSync(join(root, 'node_modules'), join(tree, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
    mode: 2,
  })
  const here = relative(root, import.meta.dirname)
  mkdirSync(join(tree, here), { recursive: true })
  copyFileSync(join(root, here, 'replica.ts'), join(tree, here, 'replica.ts'))
  return tree
}

/** A PostgreSQL that the servers of this test are told of, and its schema’s owner. */
async function startDatabase(folder: string) {
  const postgres = await startEmbedded(join(folder, 'postgres'))
  closing.push(() => postgres.stop())
  const { host, user, database } = postgres.application
  vi.stubEnv('DATABASE_URL', `postgres://${user}@/${database}?host=${encodeURIComponent(String(host))}`)
  vi.stubEnv('LOG_LEVEL', 'error')
  vi.stubEnv('ROOT_ENCRYPTION_KEY', randomBytes(32).toString('base64'))
  const owner = connect(postgres.owner)
  closing.push(() => owner.destroy())
  return { postgres, owner, user: String(user) }
}

/** One folder, as the pods of the chart share it. */
async function makeState(folder: string): Promise<string> {
  const state = join(folder, 'state')
  given(
    await initServer({ state: stateFolder(state), domain: 'rehearsal', token: 'root-key', pinFile: null }),
  )
  return state
}

const onLoopback = { host: '127.0.0.1', port: 0, behindTlsProxy: true } as const

type Replica = { readonly child: ChildProcess; readonly address: string; ask(what: string): Promise<never> }

async function startReplica(tree: string, state: string): Promise<Replica> {
  const file = join(tree, relative(root, import.meta.dirname), 'replica.ts')
  const child = fork(file, [state], { cwd: tree, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  closing.push(() => child.kill('SIGKILL'))
  const said = async () => {
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('a replica ended'))),
    ])
    return message as never
  }
  const { address } = (await said()) as { address: string }
  return {
    child,
    address,
    ask: (what) => {
      const answer = said()
      child.send(what)
      return answer
    },
  }
}

const agent = new Agent({ keepAlive: true })

function ask(address: string, path: string, token = '', payload?: object) {
  return new Promise<{ status: number; body: string }>((done, failed) => {
    const asked = request(`${address}${path}`, {
      agent,
      method: payload === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    })
    asked.on('response', (reply) => {
      let body = ''
      reply.setEncoding('utf8').on('data', (part: string) => {
        body += part
      })
      reply.on('end', () => done({ status: reply.statusCode ?? 0, body }))
      reply.on('error', failed)
    })
    asked.on('error', failed)
    asked.end(payload === undefined ? undefined : JSON.stringify(payload))
  })
}

const waitFor = (seen: () => unknown) => vi.waitFor(seen, { timeout: 120_000, interval: 20 })

async function end({ child }: Replica): Promise<void> {
  const ended = once(child, 'exit')
  child.send('close')
  await ended
}

/** The database as the version in `tree` makes it. */
function migrateAsBefore(tree: string, owner: object): void {
  const old = (name: string) =>
    JSON.stringify(join(tree, 'apps/companion-server/src/platform/database', name))
  const migrate = `
    const { migrateUp } = await import(${old('migrate.ts')})
    const { connect } = await import(${old('open.ts')})
    const owner = connect(${JSON.stringify(owner)})
    await migrateUp(owner)
    await owner.destroy()`
  execFileSync(process.execPath, ['--input-type=module', '-e', migrate], { cwd: tree })
}

test('UPGRADE two servers of the version before become two of this one under load: no request fails, nothing is lost', async () => {
  const folder = await makeFolder()
  closing.push(() => rm(folder, { recursive: true, force: true }))
  const tree = checkOut(folder, before)
  const { postgres, owner, user } = await startDatabase(folder)
  migrateAsBefore(tree, postgres.owner)
  await sql.raw(`grant custody_app to ${user}`).execute(owner)
  const state = await makeState(folder)

  const names = ['a', 'b'] as const
  const replicas = new Map<string, Replica>()
  for (const name of names) replicas.set(name, await startReplica(tree, state))
  const made: { key: string; identity: string; token: string } = await replicas.get('a')!.ask('make')
  const kms = `/api/v1/kms/keys/${made.key}`

  // A balancer that asks for readiness, and four clients behind it.
  const ready = new Set<string>(names)
  const course = { done: false, turn: 0 }
  const look = async () => {
    while (!course.done)
      for (const name of names) {
        const replica = replicas.get(name)
        const reply = replica ? await ask(replica.address, '/readiness').catch(() => null) : null
        if (reply?.status === 200) ready.add(name)
        else ready.delete(name)
      }
  }
  const sealed: string[] = []
  const failed: string[] = []
  const load = async () => {
    while (!course.done) {
      const there = [...ready]
      const replica = replicas.get(there[course.turn++ % there.length] ?? '')
      const reply = replica
        ? await ask(replica.address, `${kms}/encrypt`, made.token, { plaintext: 'AAAA' }).catch(String)
        : 'no replica is ready'
      if (typeof reply !== 'string' && reply.status === 200) sealed.push(JSON.parse(reply.body).ciphertext)
      else failed.push(JSON.stringify(reply))
    }
  }
  const running = [look(), load(), load(), load(), load()]
  const more = async () => {
    const there = sealed.length
    await waitFor(() => expect(sealed.length).toBeGreaterThan(there + 50))
  }
  await more()
  // The version before serves on after the migration.
  await migrateUp(owner)
  await more()
  for (const name of names) {
    const stopping = replicas.get(name)!
    await stopping.ask('drain')
    await waitFor(() => expect(ready).not.toContain(name))
    await more()
    replicas.delete(name)
    await end(stopping)
    replicas.set(name, await startReplica(root, state))
    await waitFor(() => expect(ready).toContain(name))
    await more()
  }
  course.done = true
  await Promise.all(running)
  expect(failed).toEqual([])

  // What the version before sealed this one opens, and each acknowledged call is in the audit once.
  const { address } = replicas.get('b')!
  for (const ciphertext of [sealed[0], sealed[Math.floor(sealed.length / 2)], sealed.at(-1)]) {
    const opened = await ask(address, `${kms}/decrypt`, made.token, { ciphertext })
    expect(JSON.parse(opened.body)).toEqual({ plaintext: 'AAAA' })
  }
  const entries = await owner
    .selectFrom('audit')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('operation', '=', 'key.encrypt')
    .where('outcome', '=', 'ok')
    .where('identity_id', '=', made.identity)
    .executeTakeFirstOrThrow()
  expect(Number(entries.count)).toBe(sealed.length)
  for (const replica of replicas.values()) await end(replica)
  expect(given(await verifyAuditLog(stateFolder(state), null))).toMatchObject({
    entries: expect.any(Number),
  })
})

test('UPGRADE a server of before authority was sealed stops, its database is accepted once, and this version opens what it sealed', async () => {
  const folder = await makeFolder()
  closing.push(() => rm(folder, { recursive: true, force: true }))
  const tree = checkOut(folder, unsealed)
  const { postgres, owner, user } = await startDatabase(folder)
  migrateAsBefore(tree, postgres.owner)
  await sql.raw(`grant custody_app to ${user}`).execute(owner)
  const state = await makeState(folder)

  const older = await startReplica(tree, state)
  const made: { key: string; token: string } = await older.ask('make')
  const kms = `/api/v1/kms/keys/${made.key}`
  const sealed = await ask(older.address, `${kms}/encrypt`, made.token, { plaintext: 'AAAA' })
  expect(sealed.status).toBe(200)
  await end(older)

  await migrateUp(owner)
  await expect(startServer(stateFolder(state), onLoopback)).rejects.toMatchObject({ code: 'AUTHORITY-OTHER' })
  const { deployment } = await readSettings(stateFolder(state))
  const typed = async () => Buffer.from(deployment)
  expect(given(await acceptState(stateFolder(state), () => undefined, typed))).toMatchObject({
    accepted: true,
  })

  const newer = await startReplica(root, state)
  const { ciphertext } = JSON.parse(sealed.body)
  const opened = await ask(newer.address, `${kms}/decrypt`, made.token, { ciphertext })
  expect(JSON.parse(opened.body)).toEqual({ plaintext: 'AAAA' })
  await end(newer)
  // The version before does not come back to it.
  await expect(startReplica(tree, state)).rejects.toThrow('a replica ended')
})
