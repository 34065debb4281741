import type { Page } from 'playwright-core'
import { strongPassphrase as password } from '../../packages/crypto/test/strong-passphrase.ts'

export { password }

/** The code of an authenticator app, made by hand so that the test shares nothing with the server (RFC 6238). */
export async function totpOf(secret: string, time = Date.now()): Promise<string> {
  const bytes = fromBase32(secret)
  const counter = new DataView(new ArrayBuffer(8))
  counter.setBigUint64(0, BigInt(Math.floor(time / 30_000)))
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign'])
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter.buffer))
  const at = mac.getUint8(19) & 15
  return String((mac.getUint32(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

function fromBase32(text: string): Uint8Array<ArrayBuffer> {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = Array.from(text.replaceAll('=', ''), (letter) =>
    alphabet.indexOf(letter).toString(2).padStart(5, '0'),
  ).join('')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}

/** Sets password and second factor on the page of an enrolment, and gives the authenticator's secret. */
export async function enrol(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Show my secret' }).click()
  const secret = (await page.locator('.secret-value').textContent()) ?? ''
  await page.getByLabel('New password').fill(password)
  await page.getByLabel('Repeat the password').fill(password)
  await page.getByLabel('Code of your authenticator').fill(await totpOf(secret))
  await page.getByRole('button', { name: 'Finish enrolling' }).click()
  await page.getByRole('heading', { name: 'Log in', exact: true }).waitFor()
  return secret
}

/** Logs in with the step after the present one, which the server takes too and which no enrolment has used. */
export async function logIn(page: Page, username: string, secret: string, steps = 1): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByLabel('Code of your authenticator').fill(await totpOf(secret, Date.now() + steps * 30_000))
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.locator('.bar').waitFor()
}
