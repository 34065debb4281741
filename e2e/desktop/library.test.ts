import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseInDialogs } from '../support/dialogs.ts'
import { setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

const nss = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  .map((folder) => join(folder, 'libsoftokn3.so'))
  .find((path) => existsSync(path))

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop()
  await setAppearance(desktop, { language: 'en', theme: 'light' })
})
afterAll(() => desktop?.close())

const section = () =>
  desktop.page
    .locator('section')
    .filter({ has: desktop.page.getByRole('heading', { name: 'Token library', exact: true }) })

async function openChoice() {
  await show(desktop, 'tokens')
  await section().getByRole('button', { name: 'Choose another library' }).click()
  return desktop.page.getByRole('dialog')
}

test('LIBRARY-WINDOW a found library is loaded with its variables, NSS from its file with its init string, and both are remembered', async () => {
  if (nss === undefined) throw new Error('libsoftokn3.so is not installed: apt-get install libnss3')
  const { folder } = desktop
  // Where the window's own user may write.
  const place = join(folder, 'store', 'nss')
  mkdirSync(place)
  const { uid, gid } = statSync(join(folder, 'store'))
  chownSync(place, uid, gid)

  const found = await openChoice()
  await found
    .getByRole('radio', { name: /SoftHSM/ })
    .first()
    .click()
  const variables = found.getByLabel('Variables that the library reads, one NAME=VALUE a line')
  await variables.fill('LD_PRELOAD=/tmp/x.so')
  await found.getByRole('button', { name: 'Load and remember' }).click()
  await found.getByText('A variable for the library cannot be passed on', { exact: true }).waitFor()
  await variables.fill(`SOFTHSM2_CONF=${join(folder, 'store', 'soft-token', 'softhsm2.conf')}`)
  await found.getByRole('button', { name: 'Load and remember' }).click()
  await found.waitFor({ state: 'detached' })
  await section().getByText('Chosen here.', { exact: false }).waitFor()
  await section()
    .getByText(/SoftHSM.* · 2\.6/)
    .waitFor()

  await chooseInDialogs(desktop, nss)
  const other = await openChoice()
  await other.getByRole('button', { name: 'Choose a file: Another file' }).click()
  await other.getByText(nss, { exact: true }).waitFor()
  await other.getByLabel('Variables that the library reads, one NAME=VALUE a line').fill('')
  await other
    .getByLabel('Init string, if the library wants one')
    .fill(`configdir='sql:${place}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`)
  await other.getByRole('button', { name: 'Load and remember' }).click()
  await other.waitFor({ state: 'detached' })
  await section()
    .getByText(/Mozilla Foundation/)
    .waitFor()

  await desktop.close({ keep: true })
  desktop = await openDesktop({ folder })
  await show(desktop, 'tokens')
  await section()
    .getByText(/Mozilla Foundation/)
    .waitFor()
  await section()
    .getByText(/^[0-9a-f]{64}$/)
    .waitFor()
  await section().getByRole('button', { name: 'Use the soft tokens of this store' }).click()
  await section().getByText('The soft tokens of this store, for training and rehearsals.').waitFor()
})

test('HSM-LIBRARY-CHANGED a library whose file was changed is refused in the window, with what to do, and can be chosen again', async () => {
  const { folder } = desktop
  const file = join(folder, 'libvendor-p11.so')
  const softhsm = [
    '/usr/lib/softhsm/libsofthsm2.so',
    '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  ].find((path) => existsSync(path))
  copyFileSync(softhsm ?? '', file)
  chmodSync(file, 0o644)
  await chooseInDialogs(desktop, file)
  const dialog = await openChoice()
  await dialog.getByRole('button', { name: 'Choose a file: Another file' }).click()
  await dialog
    .getByLabel('Variables that the library reads, one NAME=VALUE a line')
    .fill(`SOFTHSM2_CONF=${join(folder, 'store', 'soft-token', 'softhsm2.conf')}`)
  await dialog.getByRole('button', { name: 'Load and remember' }).click()
  await dialog.waitFor({ state: 'detached' })
  await desktop.close({ keep: true })
  copyFileSync(nss ?? '', file)
  desktop = await openDesktop({ folder })
  await show(desktop, 'tokens')
  const { page } = desktop
  await page.getByText('The token library is not the one that was pinned', { exact: true }).waitFor()
  await page.getByText(/choose it again on the Tokens screen/).waitFor()
  expect(await section().getByRole('button', { name: 'Choose another library' }).isEnabled()).toBe(true)
  await section().getByRole('button', { name: 'Use the soft tokens of this store' }).click()
  await section().getByText('The soft tokens of this store, for training and rehearsals.').waitFor()
})
