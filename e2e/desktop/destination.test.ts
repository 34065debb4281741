import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { giveFolder } from '../../scripts/electron/launch.ts'
import { custodyServer, jsonOf } from '../support/commands.ts'
import { chooseInDialogs } from '../support/dialogs.ts'
import { playOn, proceed, startRehearsal, stepPanel } from '../support/person.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
let server = ''
beforeAll(async () => {
  desktop = await openDesktop()
  server = mkdtempSync(join(tmpdir(), 'lux-destination-'))
  // The window's user reads the two public files of the server from here.
  chmodSync(server, 0o755)
})
afterAll(async () => {
  await desktop?.close()
  rmSync(server, { recursive: true, force: true })
})

test('SHELL-PATHS a server’s transport file and the medium are chosen in dialogs, and the bundle lies on the medium', async () => {
  const { page } = desktop
  const state = join(server, 'state')
  const transport = join(server, 'transport.json')
  jsonOf(await custodyServer(state, '--json', 'init', '--domain', 'rehearsal', '--soft-token'))
  jsonOf(
    await custodyServer(state, '--json', 'card', '--out', transport, '--card-out', join(server, 'card.json')),
  )
  const medium = giveFolder(join(desktop.folder, 'medium'))
  await chooseInDialogs(desktop, transport)
  await startRehearsal(page, {
    script: 'Root key One root key',
    before: async () => {
      await page.locator('details.details summary').click()
      await page.getByRole('button', { name: /^Choose a file: Server that receives the root/ }).click()
      await page.getByText(transport, { exact: true }).waitFor()
    },
  })
  await playOn(page, 'Export the bundle')
  await chooseInDialogs(desktop, medium)
  await stepPanel(page).getByRole('button', { name: 'Choose a folder: Folder of the medium' }).click()
  await stepPanel(page).getByText(medium, { exact: true }).waitFor()
  await proceed(page)
  await stepPanel(page).getByRole('heading', { name: 'Take in the receipt' }).waitFor()
  expect(readdirSync(medium)).toEqual([expect.stringMatching(/^bundle-[0-9a-f]{16}\.zip$/)])
})
