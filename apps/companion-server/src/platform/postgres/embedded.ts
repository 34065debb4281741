import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeFolder } from '@lux/node-files'
import pg from 'pg'
import { EnvironmentError } from '../../refusal.ts'
import { isErrno } from '../state-folder/private-file.ts'
import { type Account, serviceAccount } from './account.ts'
import { findBinaries, reachable } from './binaries.ts'

/** Connection settings; `owner` changes the schema, `application` serves. */
export type Connections = { readonly owner: pg.ClientConfig; readonly application: pg.ClientConfig }

export type EmbeddedPostgres = Connections & {
  /** Stops the database if this process started it. */
  stop(): Promise<void>
}

export type StartOptions = {
  /** The server's own: it outlives no other process, so it waits for a command that is at work here to end. */
  readonly exclusive?: boolean
  /** It has been here: no empty one takes its place. */
  readonly begun?: boolean
}

const database = 'custody'
const ownerRole = 'custody_owner'
const serverRole = 'custody_server'

/**
 * A private PostgreSQL under `folder`, on a Unix socket in a 0700 folder and on no network port. One that another
 * process of ours already runs there is used, not started twice.
 */
export async function startEmbedded(
  folder: string,
  { exclusive = false, begun = false }: StartOptions = {},
): Promise<EmbeddedPostgres> {
  const account = await serviceAccount()
  const home = account === null || (await reachableParent(folder)) ? folder : elsewhere(folder)
  const data = join(home, 'data')
  await ownedFolder(home, account)
  await stopOrphan(home, data)
  const running = exclusive ? await waitUntilFree(data) : await runningSocket(data)
  if (running !== null) return { ...connections(running), stop: async () => undefined }

  const made = await exists(join(data, 'PG_VERSION'))
  if (begun && !made)
    throw new EnvironmentError('DATABASE-OTHER', `the embedded database is gone from ${data}`)
  const binaries = await findBinaries(account, '/var/lib/lux-custody')
  if (!made) await initialise(binaries.initdb, data, account)
  const socket = await mkdtemp(join(tmpdir(), 'lux-pg-'))
  if (account) await chown(socket, account.uid, account.gid)
  const stop = await launch(binaries.postgres, data, socket, account)
  await writeStarter(home)
  try {
    await makeRoles(socket)
  } catch (error) {
    await stop()
    throw error
  }
  return { ...connections(socket), stop }
}

/** Where a data folder lives when the service account cannot get to `folder` (a checkout under /root). */
function elsewhere(folder: string): string {
  return join(
    '/var/lib/lux-custody',
    `data-${createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 16)}`,
  )
}

async function reachableParent(folder: string): Promise<boolean> {
  return reachable(resolve(folder, '..'))
}

async function ownedFolder(path: string, account: Account | null): Promise<void> {
  makeFolder(path, 0o777)
  await chmod(path, 0o700)
  if (account) await chown(path, account.uid, account.gid)
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}

/** Stops a database whose server was killed: it would outlive every later one, and no one would end it. */
async function stopOrphan(home: string, data: string): Promise<void> {
  const socket = await runningSocket(data)
  if (socket === null || !(await starterIsGone(home))) return
  const [pid] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGINT')
  // While it shuts down it takes no connection, and its lock file still bars the next one.
  const deadline = Date.now() + 30_000
  while (await exists(join(data, 'postmaster.pid'))) {
    if (Date.now() > deadline)
      throw new EnvironmentError('DATABASE-IN-USE', `PostgreSQL ${pid} does not stop`)
    await sleep(50)
  }
  await rm(socket, { recursive: true, force: true })
}

async function waitUntilFree(data: string): Promise<null> {
  const deadline = Date.now() + 20_000
  for (let told = false; (await runningSocket(data)) !== null; told = true) {
    if (!told)
      process.stderr.write('waiting, 20 s at most: a server or command is at work on this state folder\n')
    if (Date.now() > deadline) {
      throw new EnvironmentError('DATABASE-IN-USE', 'another server runs on this state folder')
    }
    await sleep(200)
  }
  return null
}

/** The socket folder of a live postmaster on this data folder, from its pid file. */
async function runningSocket(data: string): Promise<string | null> {
  let lines: string[]
  try {
    lines = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
  const socket = lines[4]
  if (!socket) return null
  const client = new pg.Client({
    host: socket,
    user: ownerRole,
    database: 'postgres',
    connectionTimeoutMillis: 2000,
  })
  try {
    await client.connect()
    const { rows } = await client.query('show data_directory')
    return rows[0]?.data_directory === data ? socket : null
  } catch {
    // A pid file without a server behind it is left by a crash; PostgreSQL itself decides whether it may start.
    return null
  } finally {
    await client.end()
  }
}

async function initialise(initdb: string, data: string, account: Account | null): Promise<void> {
  // Only who can enter the socket's 0700 folder can connect at all, so that no password has to lie about.
  const parameters = [
    '-D',
    data,
    '-U',
    ownerRole,
    '--auth-local=trust',
    '--auth-host=reject',
    '-E',
    'UTF8',
    '--locale=C',
  ]
  const child = spawn(initdb, parameters, {
    ...account,
    cwd: '/',
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  const code = await new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done))
  if (code !== 0) throw new EnvironmentError('DATABASE-INIT', `initdb ended with ${code}: ${said.trim()}`)
}

async function launch(
  postgres: string,
  data: string,
  socket: string,
  account: Account | null,
): Promise<() => Promise<void>> {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socket,
    unix_socket_permissions: '0700',
    max_connections: '100',
    fsync: 'on',
    synchronous_commit: 'on',
    password_encryption: 'scram-sha-256',
  }
  const child = spawn(
    postgres,
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // Its own process group: Ctrl-C in a terminal reaches us, and we stop it after our last commit.
    {
      ...account,
      cwd: '/',
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  let ended = false
  const end = new Promise<void>((done) => child.on('error', () => done()).on('close', () => done())).then(
    () => {
      ended = true
    },
  )
  const deadline = Date.now() + 30_000
  while (!ended && Date.now() < deadline && !said.includes('ready to accept connections')) await sleep(15)
  if (ended || Date.now() >= deadline) {
    child.kill('SIGQUIT')
    await rm(socket, { recursive: true, force: true })
    throw new EnvironmentError('DATABASE-START', `PostgreSQL did not start: ${said.trim()}`)
  }
  const killNow = () => child.kill('SIGINT')
  process.once('exit', killNow)
  child.unref()
  return async () => {
    process.off('exit', killNow)
    child.ref()
    // Fast shutdown: connections are ended, everything committed is on disk.
    if (!ended) child.kill('SIGINT')
    await end
    await rm(socket, { recursive: true, force: true })
  }
}

async function makeRoles(socket: string): Promise<void> {
  const client = new pg.Client({ host: socket, user: ownerRole, database: 'postgres' })
  await client.connect()
  try {
    const { rows } = await client.query(
      `select exists (select from pg_database where datname = $1) as made, exists (select from pg_roles where rolname = $2) as role`,
      [database, serverRole],
    )
    if (!rows[0]?.made) await client.query(`create database ${database}`)
    if (!rows[0]?.role)
      await client.query(`create role ${serverRole} login nosuperuser nocreatedb nocreaterole`)
    await client.query(`revoke all on database ${database} from public`)
    await client.query(`grant connect on database ${database} to ${serverRole}`)
  } finally {
    await client.end()
  }
}

function connections(socket: string): Connections {
  return {
    owner: { host: socket, user: ownerRole, database },
    application: { host: socket, user: serverRole, database },
  }
}

const fileOf = (home: string) => join(home, 'started-by')

/** Notes that this process started the database in `home`. */
async function writeStarter(home: string): Promise<void> {
  await writeFile(fileOf(home), `${process.pid} ${(await startTime(process.pid)) ?? ''}\n`)
}

/** Whether the process that started the database is no more. A pid that was given to another does not count. */
async function starterIsGone(home: string): Promise<boolean> {
  let text: string
  try {
    text = (await readFile(fileOf(home), 'utf8')).trim()
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
  const [pid = '', started = ''] = text.split(' ')
  if (started !== '') return (await startTime(Number(pid))) !== started
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return isErrno(error, 'ESRCH')
  }
}

/** Clock ticks from boot to the start of a process (proc(5), field 22), or null where there is no such process. */
async function startTime(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name in field 2 may itself hold spaces and brackets; the fields after its last bracket start at 3.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
