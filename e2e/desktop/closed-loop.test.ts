import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { giveFolder } from '../../scripts/electron/launch.ts'
import { custody, custodyServer, jsonOf } from '../support/commands.ts'
import { chooseInDialogs } from '../support/dialogs.ts'
import { playOn, proceed, startRehearsal, stepPanel } from '../support/person.ts'
import { RunningServer } from '../support/running-server.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
let folder = ''
let server: RunningServer | undefined
beforeAll(async () => {
  desktop = await openDesktop()
  folder = mkdtempSync(join(tmpdir(), 'lux-closed-loop-'))
  // The window's user reads the server's public files from here, and PostgreSQL's own account passes through.
  chmodSync(folder, 0o755)
})
afterAll(async () => {
  await server?.stop()
  await desktop?.close()
  rmSync(folder, { recursive: true, force: true })
})

const commands = { state: '', transport: '', card: '', receipt: '' }

/** What the window exported, and its policy. */
function exported(): { bundle: string; run: string; policy: string } {
  const medium = join(desktop.folder, 'medium')
  const ceremonies = join(desktop.folder, 'store/ceremonies')
  const run = join(ceremonies, readdirSync(ceremonies)[0] ?? '')
  return { bundle: join(medium, readdirSync(medium)[0] ?? ''), run, policy: join(run, 'policy.json') }
}

test('WINDOW-LOOP a first run sends the root to a server; its file, the medium and the receipt are chosen in dialogs', async () => {
  const { page } = desktop
  commands.state = join(folder, 'state')
  for (const name of ['transport', 'card', 'receipt'] as const) commands[name] = join(folder, `${name}.json`)
  const { state, transport, card } = commands
  jsonOf(await custodyServer(state, '--json', 'init', '--domain', 'rehearsal', '--soft-token'))
  jsonOf(await custodyServer(state, '--json', 'card', '--transport-out', transport, '--card-out', card))
  const medium = giveFolder(join(desktop.folder, 'medium'))
  await chooseInDialogs(desktop, transport)
  await startRehearsal(page, {
    script: 'First run',
    before: async () => {
      await page.locator('details.details summary').first().click()
      await page.getByRole('button', { name: /^Choose a file: Server that receives the root/ }).click()
      await page.getByText(transport, { exact: true }).waitFor()
    },
  })
  await playOn(page, 'Export the bundle')
  await chooseInDialogs(desktop, medium)
  await stepPanel(page).getByRole('button', { name: 'Choose a folder: Folder of the medium' }).click()
  await stepPanel(page).getByText(medium, { exact: true }).waitFor()
  await proceed(page)
  await playOn(page, 'Take in the receipt')
  expect(readdirSync(medium)).toEqual([expect.stringMatching(/^bundle-[0-9a-f]{16}\.zip$/)])
})

test('POLICY-MISSING the server takes no bundle before a policy was pinned', async () => {
  const ended = await custodyServer(commands.state, '--json', 'import', exported().bundle)
  expect(jsonOf(ended, 1)).toMatchObject({ ok: false, code: 'POLICY-MISSING' })
})

test('BLOB-DIGEST the server refuses a bundle with a flipped byte by a signed refusal', async () => {
  const { bundle, policy } = exported()
  jsonOf(await custodyServer(commands.state, '--json', 'trust', policy))
  const bad = join(folder, 'bad.zip')
  const bytes = readFileSync(bundle)
  const middle = bytes.length >> 1
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
  writeFileSync(bad, bytes)
  const refusal = join(folder, 'refusal.json')
  const ended = await custodyServer(commands.state, '--json', 'import', bad, '--out', refusal)
  expect(jsonOf(ended, 1)).toMatchObject({ ok: false, code: 'BLOB-DIGEST' })
  const { payload } = JSON.parse(readFileSync(refusal, 'utf8'))
  expect(payload).toMatchObject({ kind: 'refusal', check: 'BLOB-DIGEST' })
})

test('WINDOW-LOOP verify and the server accept what the window wrote, the same bundle again gives the stored receipt, and the window takes it and closes', async () => {
  const { page } = desktop
  const { state, card, receipt } = commands
  const { bundle, run, policy } = exported()
  const verdict = await custody('--json', 'verify', bundle, '--policy', policy, '--audience', card)
  expect(jsonOf(verdict)).toMatchObject({ verdict: 'accepted' })
  const again = join(folder, 'receipt-again.json')
  for (const out of [receipt, again])
    jsonOf(await custodyServer(state, '--json', 'import', bundle, '--out', out))
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(receipt, 'utf8'))
  await chooseInDialogs(desktop, receipt)
  await stepPanel(page).getByRole('button', { name: 'Take in a file…' }).click()
  await playOn(page, null)
  await page.getByText('Closed', { exact: true }).first().waitFor()
  expect(existsSync(join(run, 'closeout.json'))).toBe(true)
})

test('WINDOW-LOOP a program of the project encrypts and decrypts with the data key that the window made, also after a restart of the server', async () => {
  const { state } = commands
  const made = await custodyServer(state, '--json', 'identity', 'create', '--project', 'project-kek')
  const { clientId, clientSecret } = jsonOf(made)
  const logIn = async (on: RunningServer) => {
    const { reply } = await on.post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
    return String(reply.accessToken)
  }
  const key = '/api/v1/kms/keys/data-key'
  server = await RunningServer.of(state)
  const token = await logIn(server)
  const plaintext = Buffer.from('made in the window, used by the server').toString('base64')
  const encrypted = await server.post(`${key}/encrypt`, { plaintext }, token)
  expect(encrypted.status).toBe(200)
  const ciphertext = String(encrypted.reply.ciphertext)
  expect(Buffer.from(ciphertext, 'base64').includes(Buffer.from(plaintext, 'base64'))).toBe(false)
  const opened = { status: 200, reply: { plaintext } }
  expect(await server.post(`${key}/decrypt`, { ciphertext }, token)).toEqual(opened)
  expect((await server.post(`${key}/decrypt`, { ciphertext })).status).toBe(401)
  const changed = Buffer.from(ciphertext, 'base64')
  changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1)
  const forged = await server.post(`${key}/decrypt`, { ciphertext: changed.toString('base64') }, token)
  expect(forged.status).toBe(400)
  await server.stop()
  server = await RunningServer.of(state)
  expect(await server.post(`${key}/decrypt`, { ciphertext }, await logIn(server))).toEqual(opened)
})

test('DOMAIN a production server takes neither the rehearsal’s policy nor its bundle', async () => {
  const { bundle, policy } = exported()
  const production = join(folder, 'production')
  const soft = ['--soft-token', '--accept-soft-root']
  jsonOf(await custodyServer(production, '--json', 'init', '--domain', 'production', ...soft))
  const trust = jsonOf(await custodyServer(production, '--json', 'trust', policy), 1)
  expect(trust.code).toBe('POLICY-DOMAIN')
  const imported = jsonOf(await custodyServer(production, '--json', 'import', bundle), 1)
  expect(imported.code).toBe('POLICY-MISSING')
})
