import { rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { enrol, launchBrowser, openOrigin, openPhone, type Phone, passphrase } from './phone.ts'

let browser: Browser
let origin: { url: string; server: Server }
let phone: Phone
let folder = ''
beforeAll(async () => {
  folder = privateFolder('lux-passkey-')
  browser = await launchBrowser()
  origin = await openOrigin()
  // A passkey belongs to a name; an address in numbers has none.
  phone = await openPhone(browser, origin.url.replace('127.0.0.1', 'localhost'))
})
afterAll(async () => {
  await phone?.close()
  await browser?.close()
  origin?.server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function authenticator(hasPrf: boolean): Promise<() => Promise<void>> {
  const session = await phone.page.context().newCDPSession(phone.page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return async () => {
    await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
  }
}

async function press(button: string): Promise<void> {
  await phone.page.getByLabel('Passphrase').fill(passphrase)
  await phone.page.getByRole('button', { name: button, exact: true }).click()
}

test('PASSKEY a passkey without PRF is refused, one with PRF opens the phone after a restart, and the passphrase opens it too', async () => {
  const { page } = phone
  await enrol(phone, 'Lena Fischer', folder)
  await page.getByRole('button', { name: 'More' }).click()
  const removeOld = await authenticator(false)
  await press('Add a passkey')
  await page.locator('[data-code="PHONE-PASSKEY-NONE"]').waitFor()
  await removeOld()
  await authenticator(true)
  await press('Add a passkey')
  await page.getByText('A passkey opens this phone').waitFor()

  await page.reload()
  await page.getByRole('button', { name: 'Open with the passkey' }).click()
  await page.getByText('Hello, Lena Fischer').waitFor()
  await page.reload()
  await press('Open')
  await page.getByText('Hello, Lena Fischer').waitFor()

  await page.getByRole('button', { name: 'More' }).click()
  await press('Remove the passkey')
  await page.getByText('Only the passphrase opens this phone').waitFor()
  await page.reload()
  await page.getByLabel('Passphrase').waitFor()
  expect(await page.getByRole('button', { name: 'Open with the passkey' }).count()).toBe(0)
})
