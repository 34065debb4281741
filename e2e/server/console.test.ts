import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../phone/phone.ts'
import { axeFaults } from '../support/axe.ts'
import { clipped } from '../support/clipped.ts'
import { type RehearsalServer, startRehearsalServer } from '../support/rehearsal-server.ts'
import { shot } from '../support/shot.ts'
import { enrol, logIn, password } from './console-pages.ts'

let folder = ''
let server: RehearsalServer
let browser: Browser
let context: BrowserContext
let page: Page
let keyId = ''
const said: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lux-console-'))
  // PostgreSQL's own account passes through; nobody else can list it.
  chmodSync(folder, 0o711)
  server = await startRehearsalServer(join(folder, 'server'))
  browser = await launchBrowser()
  context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en', colorScheme: 'light' })
  context.setDefaultTimeout(60_000)
  page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      said.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => said.push(error.message))
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const languages = ['en', 'ar'] as const

test.each(languages)(
  'CONSOLE-DOOR set-up, code, enrolment and log-in have no violation in %s',
  async (language) => {
    const own = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en' })
    own.setDefaultTimeout(60_000)
    await own.addInitScript((chosen) => localStorage.setItem('lux-console-language', chosen), language)
    try {
      const door = await own.newPage()
      await door.goto(`${server.named}/console/`)
      const [code, username] = [door.locator('input[name="code"]'), door.locator('input[name="username"]')]
      const [onward, submit] = [
        door.locator('.doorstep-card > button.link'),
        door.locator('.doorstep-card button[type="submit"]'),
      ]
      await username.waitFor()
      expect(await door.evaluate(() => document.documentElement.lang)).toBe(language)
      expect(await axeFaults(door)).toEqual([])
      await onward.click()
      await username.waitFor({ state: 'detached' })
      expect(await axeFaults(door)).toEqual([])
      await code.fill('AAAA')
      await submit.click()
      await code.waitFor({ state: 'detached' })
      expect(await axeFaults(door)).toEqual([])
      await onward.click()
      await door.locator('input[name="password"]').waitFor()
      expect(await axeFaults(door)).toEqual([])
    } finally {
      await own.close()
    }
  },
)

test('CONSOLE-SETUP the setup code makes the first administrator, with password and authenticator, who logs in', async () => {
  await page.goto(`${server.named}/console/`)
  await page.getByLabel('Setup code').fill(server.setupCode)
  await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace')
  await page.getByLabel('Username').fill('ada')
  const become = page.getByRole('button', { name: 'Become administrator' })
  await become.click()
  await become.waitFor({ state: 'detached' })
  // Who loads the page anew before he has enrolled begins again.
  await page.reload()
  await page.getByLabel('Setup code').fill(server.setupCode)
  await page.getByLabel('Name', { exact: true }).fill('Ada Lovelace')
  await page.getByLabel('Username').fill('Ada')
  await become.click()
  await logIn(page, 'ada', await enrol(page))
  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
})

test('CONSOLE-WEBAUTHN a security key is added and named, logs in beside the password, and is removed', async () => {
  const devices = await context.newCDPSession(page)
  await devices.send('WebAuthn.enable')
  await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'usb',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await page.locator('.who summary').click()
  await page.getByRole('link', { name: 'Your account' }).click()
  await page.getByRole('heading', { name: 'No security key yet' }).waitFor()
  await page.getByRole('button', { name: 'Add a security key' }).click()
  await page.getByLabel('Its name').fill('blue key')
  await page.getByRole('button', { name: 'Touch the key and add it' }).click()
  await page.getByRole('listitem').filter({ hasText: 'blue key' }).getByText('not used yet').waitFor()
  await page.locator('.who summary').click()
  await page.getByRole('button', { name: 'Log out', exact: true }).click()
  await page.getByRole('button', { name: 'Security key', exact: true }).click()
  await page.getByLabel('Username').fill('ada')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in with a security key' }).click()
  await page.getByRole('listitem').filter({ hasText: 'blue key' }).getByText('Used last').waitFor()
  await page.getByRole('button', { name: /^Remove blue key/ }).click()
  await page.getByRole('button', { name: 'Remove the key' }).click()
  await page.getByRole('heading', { name: 'No security key yet' }).waitFor()
  await devices.send('WebAuthn.disable')
  await page.getByRole('link', { name: 'Keys', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
})

test('CONSOLE-SESSION the session is a cookie that no script reads, and that opens nothing for a page of another origin', async () => {
  const [cookie] = await context.cookies()
  expect(cookie).toMatchObject({
    name: '__Host-custody-session',
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: 'Strict',
  })
  expect(await page.evaluate(() => document.cookie)).toBe('')
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([])
  const asks = (headers: Record<string, string>, method = 'GET') =>
    context.request
      .fetch(`${server.named}/api/v1/organisations`, {
        method,
        headers,
        ...(method === 'GET' ? {} : { data: { name: 'Forged' } }),
      })
      .then((reply) => reply.status())
  const own = { 'x-custody-console': '1' }
  expect(await asks({})).toBe(401)
  expect(await asks(own)).toBe(200)
  expect(await asks({ ...own, 'sec-fetch-site': 'cross-site' })).toBe(401)
  expect(await asks({ ...own, authorization: `Bearer ${'x'.repeat(43)}` })).toBe(401)
  expect(await asks(own, 'POST')).toBe(401)
  expect(await asks({ ...own, origin: 'https://elsewhere.example' }, 'POST')).toBe(401)
})

test('CONSOLE-KEY a key is made, encrypts and decrypts in the page, and rotates', async () => {
  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.getByLabel('Name', { exact: true }).fill('orders')
  await page.getByRole('button', { name: 'Make the key' }).click()
  await page.getByRole('heading', { level: 1, name: 'orders' }).waitFor()
  await page.getByLabel('Plain text').fill('four crates of lemons')
  await page.getByRole('tabpanel').getByRole('button', { name: 'Encrypt', exact: true }).click()
  const ciphertext = (await page.locator('.secret-value').first().textContent()) ?? ''
  expect(Buffer.from(ciphertext, 'base64').toString()).not.toContain('lemons')
  await page.getByRole('tab', { name: 'Decrypt' }).click()
  const panel = page.getByRole('tabpanel', { name: 'Decrypt' })
  await panel.getByLabel('Ciphertext').fill(`${ciphertext.slice(0, -8)}AAAAAAA=`)
  await panel.getByRole('button', { name: 'Decrypt', exact: true }).click()
  await page.locator('[data-code]').waitFor()
  await panel.getByLabel('Ciphertext').fill(ciphertext)
  await panel.getByRole('button', { name: 'Decrypt', exact: true }).click()
  await panel.getByText('four crates of lemons').waitFor()
  await page.getByRole('button', { name: 'Rotate to version 2' }).click()
  await page.getByText('Version 2: in use').waitFor()
  keyId = new URL(page.url()).hash.split('/').at(-1) ?? ''
})

test('CONSOLE-IMPORT a key comes in wrapped by the commands that the page shows, and leaves wrapped to who is named', async () => {
  await page.getByRole('link', { name: 'All keys' }).click()
  await page.getByRole('button', { name: 'Bring a key in' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Get a wrapping key' }).click()
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Save import-key.pem' }).click(),
  ])
  await saved.saveAs(join(folder, 'import-key.pem'))
  const commands = (await dialog.locator('pre code').textContent()) ?? ''
  writeFileSync(join(folder, 'key.bin'), randomBytes(32))
  execFileSync('sh', ['-ec', commands], { cwd: folder })
  await dialog.getByLabel('Name', { exact: true }).fill('brought')
  await dialog.getByLabel('The wrapped key').setInputFiles(join(folder, 'wrapped.bin'))
  await dialog.getByRole('checkbox', { name: /^It may leave/ }).check()
  await dialog.getByRole('button', { name: 'Bring it in' }).click()
  await page.getByRole('heading', { level: 1, name: 'brought' }).waitFor()

  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 })
  await page.getByRole('button', { name: 'Let it leave, wrapped…' }).click()
  await dialog
    .getByLabel('Public key of the receiver (PEM)')
    .fill(publicKey.export({ type: 'spki', format: 'pem' }).toString())
  await dialog.getByRole('button', { name: 'Wrap it' }).click()
  const [left] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Save the wrapped key' }).click(),
  ])
  await left.saveAs(join(folder, 'left'))
  const wrapped = readFileSync(join(folder, 'left'))
  const aes = privateDecrypt({ key: privateKey, oaepHash: 'sha256' }, wrapped.subarray(0, 384))
  const open = ['enc', '-d', '-id-aes256-wrap-pad', '-iv', 'A65959A6', '-K', aes.toString('hex')]
  expect(execFileSync('openssl', open, { input: wrapped.subarray(384) })).toEqual(
    readFileSync(join(folder, 'key.bin')),
  )
  await page.goto(`${server.named}/console/#/keys/${keyId}`)
})

test('CONSOLE-DELETION a deletion is scheduled, stands in the tree, and is cancelled from there', async () => {
  await page.getByRole('button', { name: 'Schedule its deletion…' }).click()
  await page.getByRole('button', { name: 'Schedule the deletion' }).click()
  await page.getByRole('button', { name: 'Keep the key' }).waitFor()
  await page.getByRole('link', { name: 'All keys' }).click()
  await page.locator('.tree li', { hasText: 'Destroyed on' }).getByRole('link', { name: 'orders' }).click()
  await page.getByRole('button', { name: 'Keep the key' }).click()
  await page.getByRole('button', { name: 'Enable the key' }).click()
  await page.getByRole('button', { name: 'Disable the key' }).waitFor()
})

test('CONSOLE-PLACES an organisation and a project are made, and their keys are shown with their origin', async () => {
  await page.goto(`${server.named}/console/#/places`)
  await page.getByLabel('Name', { exact: true }).fill('Meridian')
  await page.getByRole('button', { name: 'Make the organisation' }).click()
  await page.getByRole('heading', { name: 'Meridian' }).waitFor()
  const training = page.getByRole('region', { name: 'Training' })
  await training.getByLabel('Name of a new project').fill('Shop')
  await training.getByRole('button', { name: 'Make the project' }).click()
  // A key above keys rotates while the server serves.
  await training.getByRole('button', { name: 'Rotate Shop' }).click()
  await page.getByRole('button', { name: 'Rotate it' }).click()
  await page.getByText(/^Version 2 is in use/).waitFor()
  await page.getByRole('button', { name: 'Close' }).click()
  expect(await training.getByText(/^Made on this server/).count()).toBe(3)
})

test('CONSOLE-PEOPLE a service is made under a condition, its secret shown once, and a person invited who enrols', async () => {
  await page.goto(`${server.named}/console/#/people`)
  await page.getByRole('button', { name: 'Make a service' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('shop')
  // Neither place nor role is chosen when it opens.
  expect(await dialog.getByRole('checkbox').count()).toBe(0)
  await dialog.getByLabel('Where').selectOption({ label: 'Training / Training' })
  expect(await dialog.getByRole('checkbox', { checked: true }).count()).toBe(0)
  await dialog.getByRole('checkbox', { name: /^Service/ }).check()
  await dialog.getByText('Only under conditions').click()
  await dialog.getByLabel('From these networks').fill('127.0.0.0/8')
  await dialog.getByRole('button', { name: 'Make the service' }).click()
  await dialog.getByRole('heading', { name: 'The service was made' }).waitFor()
  const hidden = dialog.locator('.secret-value[aria-hidden="true"]')
  expect(await hidden.textContent()).toMatch(/^•+$/)
  await dialog.getByRole('button', { name: 'Show' }).click()
  const [clientId, clientSecret] = await dialog.locator('.secret-value').allTextContents()
  const login = await context.request.post(`${server.named}/api/v1/auth/universal-auth/login`, {
    data: { clientId, clientSecret },
  })
  expect(login.status()).toBe(200)
  await page.keyboard.press('Escape')
  await dialog.getByRole('button', { name: 'Close anyway' }).click()
  await page.getByText(/^May use keys in the project .* Only from 127\.0\.0\.0\/8\.$/).waitFor()

  // Its certificate may speak KMIP, until it is revoked; among more services than a page holds, it is searched for.
  await page.evaluate(async () => {
    const headers = { 'X-Custody-Console': '1', 'Content-Type': 'application/json' }
    const asked = async (path: string, body?: object) =>
      (
        await fetch(
          `/api/v1${path}`,
          body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers },
        )
      ).json()
    const { identities } = await asked('/identities?kind=service&search=shop')
    const { organisationId, projectId } = identities[0].grants[0]
    const grants = [{ role: 'service', organisationId, projectId }]
    for (let at = 0; at < 100; at++) await asked('/identities', { name: `early ${at}`, grants })
  })
  await page.getByRole('link', { name: 'KMIP clients' }).click()
  await page.getByRole('searchbox', { name: 'Search' }).fill('shop')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(join(folder, 'kmip.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  })
  const made = ['req', '-x509', '-new', '-key', join(folder, 'kmip.key'), '-subj', '/CN=disks', '-days', '2']
  const certificate = execFileSync('openssl', made, { encoding: 'utf8' })
  await page.getByLabel('It works as').selectOption({ label: 'shop' })
  await page.getByLabel('Name', { exact: true }).fill('disks')
  await page.getByLabel('Its certificate (PEM)').fill(certificate)
  await page.getByRole('button', { name: 'Register it' }).click()
  await page.getByRole('button', { name: 'Revoke disks' }).click()
  await page.getByRole('button', { name: 'Revoke it for good' }).click()
  await page.getByRole('listitem').filter({ hasText: 'disks' }).getByText('Revoked').waitFor()
  // Who signs a review off signs for everybody, so not while a search hides some.
  await page.getByRole('link', { name: 'Access review' }).click()
  await page.getByLabel('Where').selectOption({ label: 'Training' })
  const [signOff, next] = ['Sign the review off', 'Next page'].map((name) =>
    page.getByRole('button', { name }),
  )
  await page.getByRole('button', { name: 'Next page' }).waitFor()
  expect(await signOff?.count()).toBe(0)
  while (await next?.isEnabled()) await next?.click()
  await signOff?.waitFor()
  await page.getByRole('searchbox', { name: 'Search' }).fill('shop')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByText('Clear the search first', { exact: false }).waitFor()
  expect(await signOff?.count()).toBe(0)
  await page.getByRole('link', { name: 'Everybody' }).click()

  // Sign-on is set up here.
  await page.getByRole('link', { name: 'Single sign-on' }).click()
  await page.getByLabel('It speaks').selectOption('saml')
  await page.getByLabel('Short name').fill('office')
  await page.getByLabel('Entity ID').fill('https://id.example/saml')
  await page.getByLabel('Address of its log-in').fill('https://id.example/login')
  await page.getByLabel('Its signing certificate (PEM)').fill(certificate)
  await page.getByRole('button', { name: 'Check and add it' }).click()
  await page.getByText('/api/v1/auth/sign-on/office/callback', { exact: false }).waitFor()
  await page.getByRole('button', { name: 'Give a group a role office' }).click()
  await dialog.getByLabel('Group', { exact: true }).fill('kms-auditors')
  await dialog.getByLabel('Where').selectOption({ label: 'Training / Training' })
  await dialog.getByRole('radio', { name: /^Auditor/ }).check()
  await dialog.getByRole('button', { name: 'Give the role' }).click()
  await page.getByText(/kms-auditors: .*May read the log/).waitFor()
  await page.getByRole('button', { name: 'Remove office' }).click()
  await dialog.getByRole('button', { name: 'Remove it for good' }).click()
  await page.getByRole('heading', { name: 'No provider yet' }).waitFor()
  await page.getByRole('link', { name: 'Everybody' }).click()

  await page.getByRole('button', { name: 'Invite a person' }).click()
  await dialog.getByLabel('Name', { exact: true }).fill('Grace Hopper')
  await dialog.getByLabel('Username').fill('grace')
  // What was typed is not thrown away unasked, and what is missing is named.
  await page.keyboard.press('Escape')
  await dialog.getByRole('button', { name: 'Stay' }).click()
  await dialog.getByRole('button', { name: 'Invite', exact: true }).click()
  await dialog.getByText('No role is chosen').waitFor()
  // What reaches further than a project is named by whoever gives it.
  await dialog.getByLabel('Where').selectOption({ label: 'Training' })
  await dialog.getByRole('checkbox', { name: /^Auditor/ }).check()
  await dialog.getByRole('button', { name: 'Invite', exact: true }).click()
  await dialog.getByText('The name of what the role reaches is not typed').waitFor()
  await dialog.getByLabel('Type Training').fill('Training')
  // A factor that was shown long ago is asked for in front of the form, which then goes on by itself.
  await page.route(
    '**/api/v1/people',
    (route) =>
      route.fulfill({
        status: 403,
        json: { code: 'SECOND-FACTOR-ANEW', message: 'SECOND-FACTOR-ANEW: shown long ago' },
      }),
    { times: 1 },
  )
  await page.route('**/api/v1/console/session/second-factor', (route) => route.fulfill({ json: {} }), {
    times: 1,
  })
  await dialog.getByRole('button', { name: 'Invite', exact: true }).click()
  const again = page.getByRole('dialog', { name: 'Your second factor again' })
  await again.waitFor()
  expect(await axeFaults(page)).toEqual([])
  await again.getByLabel('Code of your authenticator').fill('123456')
  await again.getByRole('button', { name: 'Send the code' }).click()
  await dialog.getByRole('button', { name: 'Show' }).click()
  const code = (await dialog.locator('.secret-value').textContent()) ?? ''
  await dialog.getByRole('button', { name: 'Close' }).click()
  await dialog.getByRole('button', { name: 'Close anyway' }).click()
  await page.getByText('Has not enrolled yet').waitFor()
  const other = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en' })
  other.setDefaultTimeout(60_000)
  const hers = await other.newPage()
  await hers.goto(`${server.named}/console/`)
  await hers.getByRole('button', { name: 'I was given an enrolment code' }).click()
  await hers.getByLabel('Enrolment code').fill(code)
  await hers.getByRole('button', { name: 'Go on' }).click()
  await logIn(hers, 'grace', await enrol(hers))
  // An auditor reads, and nothing of what changes something is there.
  await hers.getByRole('link', { name: 'Keys', exact: true }).click()
  await hers.getByText('Keys are made by crypto officers.', { exact: false }).waitFor()
  expect(await hers.getByRole('button', { name: 'Make a key' }).count()).toBe(0)
  await other.close()
})

test('CONSOLE-AUDIT the chain is walked on demand and found whole; what was done is in the log', async () => {
  await page.goto(`${server.named}/console/#/audit`)
  await page.getByRole('button', { name: 'Check it yourself' }).click()
  await page.getByRole('heading', { name: 'Audit chain unbroken' }).waitFor()
  await page.getByLabel('Operation').fill('person.invite')
  await page.getByRole('button', { name: 'Show these' }).click()
  await expect.poll(() => page.locator('.log > li').count()).toBe(1)
  await page.getByLabel('Operation').fill('')
  await page.getByLabel('Who', { exact: true }).fill('lovelace')
  await page.getByLabel('Show', { exact: true }).selectOption({ label: 'Changes only' })
  await page.getByRole('button', { name: 'Show these' }).click()
  await page.getByText('Ada Lovelace · session · security key', { exact: false }).first().waitFor()
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /^Save these \(\d+\)$/ }).click(),
  ])
  expect(saved.suggestedFilename()).toBe('audit.ndjson')
})

const routes = [
  ...(['overview', 'keys', 'key', 'keys/elsewhere', 'requests', 'requests/approvals'] as const),
  ...(['audit', 'audit/alerts', 'audit/reports', 'people', 'people/review', 'people/sign-on'] as const),
  ...(['people/kmip', 'places', 'api', 'account'] as const),
]
const dialogs = [
  ['keys', 'Make a key', 'أنشئ مفتاحًا'],
  ['people', 'Invite a person', 'ادعُ شخصًا'],
  ['key', 'Shred it now…', 'أتلفه الآن…'],
  ['keys', 'Bring a key in', 'إدخال مفتاح'],
] as const
async function show(route: (typeof routes)[number]): Promise<void> {
  const path = route === 'key' ? `keys/${keyId}` : route
  await page.goto(`${server.named}/console/#/${path}`)
  await page.locator('main h1').waitFor()
  await page.waitForLoadState('networkidle')
  await expect.poll(() => page.locator('main [role="status"]').count()).toBe(0)
}

describe.each(languages)('CONSOLE-A11Y in %s', (language) => {
  beforeAll(async () => {
    await page.evaluate((chosen) => localStorage.setItem('lux-console-language', chosen), language)
    await page.reload()
  })

  test.each(routes)(
    'CONSOLE-AXE %s has no violation, one title with the focus, and its direction',
    async (route) => {
      await show(route)
      if (language === 'en') await shot(page, `console-${route.replace('/', '-')}`)
      expect(await axeFaults(page)).toEqual([])
      expect(
        await page.evaluate(() => ({
          titles: document.querySelectorAll('h1').length,
          focus: document.activeElement?.tagName,
          dir: document.documentElement.dir,
        })),
      ).toEqual({ titles: 1, focus: 'H1', dir: language === 'ar' ? 'rtl' : 'ltr' })
    },
  )

  test('CONSOLE-DIALOG the dialogs have no violation, and Escape closes them', async () => {
    for (const [route, english, arabic] of dialogs) {
      await show(route)
      await page.getByRole('button', { name: language === 'ar' ? arabic : english }).click()
      await page.getByRole('dialog').waitFor()
      expect(await axeFaults(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  })

  test('CONSOLE-NARROW no page scrolls sideways at 320 pixels, which is 1280 at 400 %', async () => {
    await page.setViewportSize({ width: 320, height: 700 })
    const over: string[] = []
    for (const route of routes) {
      await show(route)
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) over.push(route)
    }
    await page.setViewportSize({ width: 1280, height: 900 })
    expect(over).toEqual([])
  })
})

test('CONSOLE-WIDTH no page and no dialog, 1280 or 320 pixels wide, cuts a text that is 40 % longer than the English', async () => {
  await page.evaluate(() => localStorage.setItem('lux-console-language', 'pseudo'))
  await page.reload()
  const found: Record<string, string[]> = {}
  const look = async (name: string) => {
    const here = await clipped(page)
    if (here.length > 0) found[name] = here
  }
  for (const [width, height] of [
    [1280, 900],
    [320, 700],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const route of routes) {
      await show(route)
      await look(`${route} ${width}`)
    }
    await page.locator('.who summary').click()
    await page.locator('.who a').first().waitFor()
    await look(`menu ${width}`)
    for (const [route, button] of dialogs) {
      await page.reload()
      await show(route)
      // Every vowel has an accent there.
      const name = new RegExp(`^⟦${button.replaceAll(/[aeiou]/gi, '.')}[~ ]+⟧$`, 'u')
      await page.getByRole('button', { name }).click()
      await page.getByRole('dialog').waitFor()
      await look(`${button} ${width}`)
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 })
  expect(found).toEqual({})
})

test.each([
  ['he', 'Noto Sans Hebrew Variable'],
  ['ja', 'Noto Sans JP Variable'],
  ['ko', 'Noto Sans KR Variable'],
  ['zh-CN', 'Noto Sans SC Variable'],
] as const)('CONSOLE-LETTERS %s is drawn with letters that the server sends', async (language, family) => {
  await page.evaluate((chosen) => localStorage.setItem('lux-console-language', chosen), language)
  await page.reload()
  await show('overview')
  const read = await page.evaluate(async (wanted) => {
    await document.fonts.ready
    return [...document.fonts].filter(
      ({ family: its, status }) => its.includes(wanted) && status === 'loaded',
    ).length
  }, family)
  expect(read).toBeGreaterThan(0)
})

test('CONSOLE-LOGOUT who logs out is out: his cookie opens nothing any more', async () => {
  await page.evaluate(() => localStorage.setItem('lux-console-language', 'en'))
  await page.reload()
  const sessions = async () =>
    (await context.cookies()).filter(({ name }) => name === '__Host-custody-session')
  const [cookie] = await sessions()
  await page.locator('.who summary').click()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('heading', { name: 'Log in', exact: true }).waitFor()
  // What remains says only that somebody logged in here before.
  expect(await sessions()).toEqual([])
  const headers = { 'x-custody-console': '1', cookie: `__Host-custody-session=${cookie?.value}` }
  const status = async () =>
    (await context.request.get(`${server.named}/api/v1/organisations`, { headers })).status()
  await expect.poll(status).toBe(401)
})

test('CONSOLE-CSP nothing was blocked, and nothing complained', () => {
  // What the tests made the server refuse is said by the browser too.
  expect(said.filter((line) => !/Failed to load resource.*status of 4\d\d/.test(line))).toEqual([])
})
