import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
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
  // The window's user reads the server's public files from here.
  chmodSync(folder, 0o755)
})
afterAll(async () => {
  await server?.stop()
  await desktop?.close()
  rmSync(folder, { recursive: true, force: true })
})

const commands = { state: '', transport: '', card: '', receipt: '' }

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

test('WINDOW-LOOP verify and the server accept what the window wrote, and the window takes the receipt and closes', async () => {
  const { page } = desktop
  const { state, card, receipt } = commands
  const medium = join(desktop.folder, 'medium')
  const bundle = join(medium, readdirSync(medium)[0] ?? '')
  const ceremonies = join(desktop.folder, 'store/ceremonies')
  const policy = join(ceremonies, readdirSync(ceremonies)[0] ?? '', 'policy.json')
  const verdict = await custody('--json', 'verify', bundle, '--policy', policy, '--audience', card)
  expect(jsonOf(verdict)).toMatchObject({ verdict: 'accepted' })
  jsonOf(await custodyServer(state, '--json', 'trust', policy))
  jsonOf(await custodyServer(state, '--json', 'import', bundle, '--out', receipt))
  await chooseInDialogs(desktop, receipt)
  await stepPanel(page).getByRole('button', { name: 'Take in a file…' }).click()
  await playOn(page, null)
  await page.getByText('Closed', { exact: true }).first().waitFor()
})

test('WINDOW-LOOP the server encrypts and decrypts with the data key that the window made', async () => {
  const { state } = commands
  const { clientId, clientSecret } = jsonOf(
    await custodyServer(state, '--json', 'identity', 'create', '--project', 'project-kek'),
  )
  server = await RunningServer.of(state)
  const { reply: login } = await server.post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
  const token = String(login.accessToken)
  const plaintext = Buffer.from('made in the window').toString('base64')
  const { reply } = await server.post('/api/v1/kms/keys/data-key/encrypt', { plaintext }, token)
  const { ciphertext } = reply
  expect(await server.post('/api/v1/kms/keys/data-key/decrypt', { ciphertext }, token)).toEqual({
    status: 200,
    reply: { plaintext },
  })
})
