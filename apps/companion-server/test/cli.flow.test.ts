import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodePolicyFile } from '@lux/ceremony/policy'
import { receiptCodec, transportCodec } from '@lux/ceremony/wire'
import { TOTP, URI } from 'otpauth'
import { expect, onTestFinished, test, vi } from 'vitest'
import { strongPassphrase } from '../../../packages/crypto/test/strong-passphrase.ts'
import { findInMemory } from '../../../packages/hsm/test/memory/find-in-memory.ts'
import { stateFolder } from '../src/platform/state-folder/folder.ts'
import { cli, custodyServer, custodyServerProcess, type Ended, startServer } from './support/commands.ts'
import { keysOf, realBundle } from './support/real-bundle.ts'
import { cardOf } from './support/server-under-test.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const run = (state: string, ...args: string[]): Promise<Ended> => custodyServer(state, '--json', ...args)

test.each([
  ['init', '--domain', 'rehearsal', '--soft-token'],
  ['start', '--port', '0'],
])('FOLDER-READ-ONLY a state where no folder can be made is refused at once: %s', async (...args) => {
  const ended = await run('/proc/x', ...args)
  const { code, detail } = JSON.parse(ended.stdout)
  expect([ended.status, code]).toEqual(args[0] === 'init' ? [3, 'FOLDER-READ-ONLY'] : [3, 'STATE-ABSENT'])
  expect(detail).toContain('/proc/x')
})

test('FOLDER-MISSING no server is made below a folder that is not there', async () => {
  const folder = await temporaryFolder()
  const ended = await run(join(folder, 'usb', 'server'), 'init', '--domain', 'rehearsal', '--soft-token')
  expect([ended.status, JSON.parse(ended.stdout).code]).toEqual([2, 'FOLDER-MISSING'])
  expect(await readdir(folder)).toEqual([])
})

test('CLI-01 init, card, trust, import, identity and start make a server that encrypts and decrypts', {
  timeout: 300_000,
}, async () => {
  const folder = await temporaryFolder()
  const state = join(folder, 'state')
  const pinFile = join(folder, 'server.pin')
  const init = ['init', '--domain', 'production', '--soft-token', '--pin-file', pinFile]
  const soft = await run(state, ...init)
  expect([soft.status, JSON.parse(soft.stdout).code]).toEqual([1, 'SOFT-ROOT'])
  expect(await readdir(folder)).toEqual([])
  const made = await custodyServerProcess(state, '--json', ...init, '--accept-soft-root')
  expect([made.status, made.stderr]).toEqual([0, ''])
  const { audience } = JSON.parse(made.stdout)
  expect((await stat(pinFile)).mode & 0o777).toBe(0o600)
  const again = await run(state, ...init, '--accept-soft-root')
  expect([again.status, JSON.parse(again.stdout).code]).toEqual([1, 'STATE-EXISTS'])

  const transportFile = join(folder, 'transport.json')
  expect((await run(state, 'card', '--transport-out', transportFile)).status).toBe(0)
  // A plan may name it by now: it is not replaced, and the card goes over no file either.
  const before = await Promise.all([readFile(transportFile), readdir(join(state, 'transports'))])
  for (const option of ['--transport-out', '--card-out']) {
    const twice = await run(state, 'card', option, transportFile)
    expect([twice.status, JSON.parse(twice.stdout).code], option).toEqual([2, 'FILE-EXISTS'])
  }
  expect(await Promise.all([readFile(transportFile), readdir(join(state, 'transports'))])).toEqual(before)
  const transport = transportCodec.file.parse(new Uint8Array(await readFile(transportFile)))
  if (!transport.ok) throw new Error(transport.detail)
  expect(transport.value.payload.audience).toBe(audience)

  const card = await cardOf(stateFolder(state))
  const bundle = await realBundle({ keys: keysOf('cli'), card, transport: transport.value })
  const [policyFile, bundleFile, receiptFile] = ['policy.json', 'bundle.zip', 'receipt.json'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  await writeFile(policyFile, encodePolicyFile(bundle.policy))
  await writeFile(bundleFile, bundle.bytes)
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  for (const [command, path, code] of [
    ['import', join(state, 'nowhere.zip'), 'FILE-MISSING'],
    ['trust', join(state, 'nowhere.json'), 'FILE-MISSING'],
    ['import', state, 'FILE-WRONG-KIND'],
    ['trust', pipe, 'FILE-WRONG-KIND'],
    ['import', pipe, 'FILE-WRONG-KIND'],
  ] as const) {
    const answer = await run(state, command, path)
    expect(answer.status, command).toBe(2)
    expect(JSON.parse(answer.stdout)).toMatchObject({
      ok: false,
      code,
      detail: expect.stringContaining(path),
    })
    expect(answer.stderr).toBe('')
  }
  const early = await run(state, 'import', bundleFile)
  expect([early.status, JSON.parse(early.stdout).code]).toEqual([1, 'POLICY-MISSING'])
  const trusted = await run(state, 'trust', policyFile)
  expect(JSON.parse(trusted.stdout).words).toHaveLength(32)
  const imported = await custodyServerProcess(state, 'import', bundleFile, '--out', receiptFile)
  expect(imported.status).toBe(0)
  expect(receiptCodec.file.parse(new Uint8Array(await readFile(receiptFile)))).toMatchObject({ ok: true })

  const over = await run(state, 'import', bundleFile, '--out', bundleFile)
  expect([over.status, JSON.parse(over.stdout).code]).toEqual([2, 'FILE-EXISTS'])
  expect(await readFile(bundleFile)).toEqual(Buffer.from(bundle.bytes))

  const identity = JSON.parse((await run(state, 'identity', 'create', '--project', 'payments')).stdout)
  expect((await run(state, 'identity', 'create', '--project', 'nowhere')).status).toBe(1)
  expect((await run(state, 'identity', 'create')).status).toBe(2)
  expect((await run(state, 'identity', 'create', '--project', 'payments', '--ttl', '5')).status).toBe(1)

  const { server, address, log } = await startServer(state)
  // Who it cannot tell apart behind its proxy.
  await expect.poll(log).toContain('TRUSTED_PROXIES names no proxy')
  const call = async (path: string, body: object, token?: string): Promise<Record<string, string>> => {
    const headers = {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    }
    // Each of these replies is an object of strings, save for expiresIn.
    return (
      await fetch(`${address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    ).json() as Promise<Record<string, string>>
  }
  const { clientId, clientSecret } = identity
  const { accessToken } = await call('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
  const plaintext = Buffer.from('through the whole chain').toString('base64')
  const { ciphertext } = await call('/api/v1/kms/keys/orders/encrypt', { plaintext }, accessToken)
  expect(await call('/api/v1/kms/keys/orders/decrypt', { ciphertext }, accessToken)).toEqual({ plaintext })
  // A command beside the running server uses its database.
  expect((await run(state, 'identity', 'create', '--project', 'payments')).status).toBe(0)
  const againFile = join(folder, 'again.json')
  expect((await run(state, 'import', bundleFile, '--out', againFile)).status).toBe(0)
  expect(await readFile(againFile)).toEqual(await readFile(receiptFile))

  const ended = new Promise((done) => server.once('exit', done))
  server.kill('SIGTERM')
  expect(await ended).toBe(0)
  for (const secret of [clientSecret, accessToken, plaintext, ciphertext]) expect(log()).not.toContain(secret)
})

test('CLI-02 wrong use is 2, and a folder without a server is 3, each with one JSON document', async () => {
  const folder = await temporaryFolder()
  const document = ({ stdout }: Ended): unknown => JSON.parse(stdout)
  for (const args of [
    ['init', '--domain', 'production'],
    ['init', '--domain', 'moon', '--soft-token'],
    ['init', '--soft-token'],
    ['trust'],
    ['start', '--port', '70000'],
    ['identity', 'create'],
    ['nonsense'],
    ['card', '--nonsense'],
    ['card', '--card-out', '--transport-out', 'transport.json'],
  ]) {
    const ended = await run(folder, ...args)
    expect([ended.status, document(ended)], args.join(' ')).toEqual([
      2,
      {
        ok: false,
        code: 'USAGE',
        detail: expect.stringMatching(/\w/),
        why: expect.stringContaining('Nothing was done'),
        remedy: expect.stringContaining('--help shows'),
      },
    ])
  }
  const absent = await custodyServerProcess(folder, '--json', 'card')
  expect([absent.status, document(absent), absent.stderr]).toEqual([
    3,
    {
      ok: false,
      code: 'STATE-ABSENT',
      detail: expect.stringContaining(folder),
      why: expect.stringMatching(/\w/),
      remedy: expect.stringContaining('custody-server init'),
    },
    '',
  ])
})

test('CLI-03 help and version go to stdout with 0, and for people a failure is three lines on stderr', async () => {
  const folder = await temporaryFolder()
  for (const args of [['--help'], ['help', 'import'], ['identity', 'create', '--help']]) {
    const { status, stdout, stderr } = await custodyServer(folder, ...args)
    expect([status, stderr], args.join(' ')).toEqual([0, ''])
    expect(stdout).toContain('Usage: custody-server')
  }
  const absent = await custodyServer(folder, 'card')
  expect([absent.status, absent.stdout]).toEqual([3, ''])
  expect(absent.stderr).toMatch(/^STATE-ABSENT: .+\nWhy: .+\nWhat to do: .+custody-server init.+\n$/)
})

test('CLI-MEMORY a server can write no core dump, and only root may read its memory; its log says where the set-up code is, not what', async () => {
  const folder = await temporaryFolder()
  const state = join(folder, 'state')
  expect((await run(state, 'init', '--domain', 'rehearsal', '--soft-token')).status).toBe(0)
  const server = spawn(process.execPath, [cli, '--state', state, '--json', 'start', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void server.kill('SIGKILL'))
  let log = ''
  server.stderr.on('data', (text) => {
    log += text
  })
  const ready: Buffer = await new Promise((done) => server.stdout.once('data', done))
  expect(JSON.parse(String(ready))).toEqual({
    ready: expect.stringMatching(/^https:/),
    root: 'soft-token',
    sealed: null,
  })
  expect(await readFile(`/proc/${server.pid}/limits`, 'utf8')).toMatch(/Max core file size\s+0\s+0/)
  expect((await stat(`/proc/${server.pid}/mem`)).uid).toBe(0)
  const file = join(state, 'setup-code')
  const code = (await readFile(file, 'utf8')).trim()
  expect([code.length, (await stat(file)).mode & 0o777]).toEqual([22, 0o600])
  const ended = new Promise((done) => server.once('close', done))
  server.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(log).toContain(`setup code, 15 minutes: in ${file}`)
  expect(log).not.toContain(code)
  expect(log.trim().split('\n').at(-1)).toBe(
    'stopped: the database and all processes of this server have ended',
  )
})

test('TOTP-MEMORY a server that took a code holds the secret of the second factor nowhere, and a planted one is found', async () => {
  const folder = await temporaryFolder()
  const state = join(folder, 'state')
  expect((await run(state, 'init', '--domain', 'rehearsal', '--soft-token')).status).toBe(0)
  const made = await run(state, 'admin', 'create', '--username', 'ada')
  const { code } = JSON.parse(made.stdout)
  const ask = async (address: string, path: string, body: object) => {
    const reply = await fetch(`${address}/api/v1/auth/password/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return (await reply.json()) as Readonly<Record<string, unknown>>
  }
  const first = await startServer(state)
  const begun = await ask(first.address, 'begin-enrolment', { code })
  const totp = URI.parse(String(begun.totpUri))
  if (!(totp instanceof TOTP)) throw new Error(String(begun.totpUri))
  const codeOf = (steps: number) => totp.generate({ timestamp: Date.now() + steps * 30_000 })
  // A code of the step before is taken until this one ends.
  await expect.poll(() => 30 - ((Date.now() / 1000) % 30), { timeout: 30_000 }).toBeGreaterThan(10)
  const shown = await ask(first.address, 'enrol', { code, password: strongPassphrase, totp: codeOf(-1) })
  expect(shown).toEqual({ enrolled: true })
  first.server.kill('SIGTERM')
  await once(first.server, 'exit')

  // What it enrolled was shown in the clear by another process.
  const planted = randomBytes(20).toString('hex')
  vi.stubEnv('PUBLIC_URL', `https://${planted}.example`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { server, address } = await startServer(state)
  for (const step of [0, 1]) {
    const given = { username: 'ada', password: strongPassphrase, totp: codeOf(step) }
    expect(await ask(address, 'login', given)).toMatchObject({ tokenType: 'Bearer' })
  }
  const find = (bytes: Uint8Array) => findInMemory(server.pid ?? 0, bytes)
  if (process.getuid?.() !== 0) {
    expect(() => find(Buffer.from(planted))).toThrow('EACCES')
    return
  }
  expect(find(Buffer.from(planted)).filter((name) => name !== '[stack]')).not.toEqual([])
  const raw = Buffer.from(totp.secret.bytes)
  const forms = [
    raw,
    ...[totp.secret.base32, raw.toString('hex'), raw.toString('base64')].map((text) => Buffer.from(text)),
  ]
  expect(forms.map((form) => find(form))).toEqual([[], [], [], []])
})

test('--version is that of package.json, and no server is needed for it', async () => {
  const { version } = JSON.parse(
    await readFile(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'),
  )
  expect(await custodyServerProcess('/nowhere', '--version')).toMatchObject({
    status: 0,
    stdout: `${version}\n`,
  })
})
