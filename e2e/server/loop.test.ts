import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { custody, custodyServer, jsonOf } from '../support/commands.ts'
import { RunningServer } from '../support/running-server.ts'

let folder = ''
let state = ''
let run = ''
let server: RunningServer | undefined

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lux-loop-'))
  // PostgreSQL's own account passes through; nobody else can list it.
  chmodSync(folder, 0o711)
  state = join(folder, 'server')
  run = join(folder, 'run')
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('LOOP the server offers a transport card and the rehearsal sends it the root', async () => {
  jsonOf(await custodyServer(state, '--json', 'init', '--domain', 'rehearsal', '--soft-token'))
  const transport = join(folder, 'transport.json')
  jsonOf(
    await custodyServer(
      state,
      '--json',
      'card',
      '--transport-out',
      transport,
      '--card-out',
      join(folder, 'card.json'),
    ),
  )
  const ended = await custody('--json', 'rehearse', 'first-run', '--destination', transport, '--out', run)
  expect(jsonOf(ended, 4)).toMatchObject({ ok: true, state: 'Exported', waitingFor: ['receipt'] })
  const verdict = await custody(
    ...['--json', 'verify', join(run, 'bundle.zip'), '--policy', join(run, 'policy.json')],
    ...['--audience', join(folder, 'card.json')],
  )
  expect(jsonOf(verdict)).toMatchObject({ verdict: 'accepted' })
})

test('POLICY-MISSING the server takes no bundle before a policy was pinned', async () => {
  const ended = await custodyServer(state, '--json', 'import', join(run, 'bundle.zip'))
  expect(jsonOf(ended, 1)).toMatchObject({ ok: false, code: 'POLICY-MISSING' })
})

test('BLOB-DIGEST the server refuses a bundle with a flipped byte, and then takes the whole one', async () => {
  jsonOf(await custodyServer(state, '--json', 'trust', join(run, 'policy.json')))
  const bad = join(folder, 'bad.zip')
  const bytes = readFileSync(join(run, 'bundle.zip'))
  bytes.writeUInt8(bytes.readUInt8(40_000_000) ^ 1, 40_000_000)
  writeFileSync(bad, bytes)
  const refusal = join(folder, 'refusal.json')
  const ended = await custodyServer(state, '--json', 'import', bad, '--out', refusal)
  expect(jsonOf(ended, 1)).toMatchObject({ ok: false, code: 'BLOB-DIGEST' })
  expect(JSON.parse(readFileSync(refusal, 'utf8')).payload).toMatchObject({
    kind: 'refusal',
    check: 'BLOB-DIGEST',
  })
})

test('LOOP the server imports the bundle, and the same bundle again gives the stored receipt', async () => {
  const [first, second] = [join(folder, 'receipt.json'), join(folder, 'receipt-again.json')]
  jsonOf(await custodyServer(state, '--json', 'import', join(run, 'bundle.zip'), '--out', first))
  jsonOf(await custodyServer(state, '--json', 'import', join(run, 'bundle.zip'), '--out', second))
  expect(readFileSync(second, 'utf8')).toBe(readFileSync(first, 'utf8'))
})

test('LOOP the receipt closes the ceremony, and its key is gone from the token', async () => {
  const ended = await custody('--json', 'ceremony', 'receipt', run, join(folder, 'receipt.json'))
  expect(jsonOf(ended)).toMatchObject({ ok: true, state: 'Closed' })
  expect(existsSync(join(run, 'closeout.json'))).toBe(true)
  const status = await custody('--json', 'ceremony', 'status', run)
  expect(jsonOf(status)).toMatchObject({ state: 'Closed' })
})

test('LOOP a program of the project encrypts and decrypts with the data key over HTTP', async () => {
  const made = jsonOf(await custodyServer(state, '--json', 'identity', 'create', '--project', 'project-kek'))
  const { clientId, clientSecret } = made
  server = await RunningServer.of(state)
  const { post } = server
  const { reply: login } = await post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
  const token = String(login.accessToken)
  const plaintext = Buffer.from('made in the ceremony, used by the server').toString('base64')
  const encrypted = await post('/api/v1/kms/keys/data-key/encrypt', { plaintext }, token)
  expect(encrypted.status).toBe(200)
  const ciphertext = String(encrypted.reply.ciphertext)
  expect(Buffer.from(ciphertext, 'base64').includes(Buffer.from(plaintext, 'base64'))).toBe(false)
  const decrypted = await post('/api/v1/kms/keys/data-key/decrypt', { ciphertext }, token)
  expect(decrypted).toEqual({ status: 200, reply: { plaintext } })
  const nobody = await post('/api/v1/kms/keys/data-key/decrypt', { ciphertext })
  expect(nobody.status).toBe(401)
  const changed = Buffer.from(ciphertext, 'base64')
  changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1)
  const forged = await post(
    '/api/v1/kms/keys/data-key/decrypt',
    { ciphertext: changed.toString('base64') },
    token,
  )
  expect(forged.status).toBe(400)
})

test('LOOP after a restart the server still opens what it sealed before', async () => {
  const made = jsonOf(await custodyServer(state, '--json', 'identity', 'create', '--project', 'project-kek'))
  const { clientId, clientSecret } = made
  const credentials = { clientId, clientSecret }
  const before = server ?? (await RunningServer.of(state))
  const first = await before.post('/api/v1/auth/universal-auth/login', credentials)
  const plaintext = Buffer.from('for later').toString('base64')
  const { reply } = await before.post(
    '/api/v1/kms/keys/data-key/encrypt',
    { plaintext },
    String(first.reply.accessToken),
  )
  await before.stop()
  server = await RunningServer.of(state)
  const { post } = server
  const again = await post('/api/v1/auth/universal-auth/login', credentials)
  const { ciphertext } = reply
  const opened = await post(
    '/api/v1/kms/keys/data-key/decrypt',
    { ciphertext },
    String(again.reply.accessToken),
  )
  expect(opened).toEqual({ status: 200, reply: { plaintext } })
  await server.stop()
})

test('DOMAIN a production server takes neither the rehearsal’s policy nor its bundle', async () => {
  const production = join(folder, 'production')
  const soft = ['--soft-token', '--accept-soft-root']
  jsonOf(await custodyServer(production, '--json', 'init', '--domain', 'production', ...soft))
  const trust = jsonOf(await custodyServer(production, '--json', 'trust', join(run, 'policy.json')), 1)
  expect(trust.code).toBe('POLICY-DOMAIN')
  const imported = jsonOf(await custodyServer(production, '--json', 'import', join(run, 'bundle.zip')), 1)
  expect(imported.code).toBe('POLICY-MISSING')
})
