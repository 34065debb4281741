import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { giveFolder } from '../../scripts/electron/launch.ts'
import { setAppearance, show, violations } from '../desktop/support/contents.ts'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { custody, jsonOf } from '../support/commands.ts'
import { chooseInDialogs } from '../support/dialogs.ts'
import { Guide } from '../support/guide.ts'
import { titleOf } from '../support/pdf.ts'
import {
  currentStep,
  enterPin,
  goButton,
  goTo,
  pins,
  playOn,
  proceed,
  resultPanel,
  seenPanel,
  startRehearsal,
  stepPanel,
  wordsIn,
} from '../support/person.ts'

/** Followed to the letter: see the last test. */
const guide = new Guide('first-ceremony.md', 'In the window')

let desktop: Desktop
let folder = ''
let exported = ''
beforeAll(async () => {
  desktop = await openDesktop()
})
afterAll(() => desktop?.close())

test('FIRST-RUN a new token is initialised and opened with PINs that people type', async () => {
  const { page } = desktop
  await page.locator('[data-screen="home"]').getByRole('button', { name: 'Start a rehearsal' }).click()
  await stepPanel(page).waitFor()
  guide.did('Home › Start a rehearsal')
  expect(await currentStep(page)).toBe('Roll call')
  guide.did('Roll call')
  await playOn(page, 'Clock check')
  const panel = stepPanel(page)
  await panel.getByLabel('Time on the wall clock', { exact: false }).fill(new Date().toISOString())
  await playOn(page, 'Initialise the token')
  guide.did('Clock check', 'Initialise the token')
  await proceed(page)
  await panel.getByText('Type the PIN first').first().waitFor()
  await enterPin(panel, 'Security officer PIN', pins.so)
  await enterPin(panel, 'User PIN', pins.user)
  await proceed(page)
  // The result stays until the room has seen it, and its serial is the largest thing on the screen.
  await seenPanel(page).locator('.evidence-value').waitFor()
  await goButton(seenPanel(page)).click()
  await playOn(page, 'Log in')
  await playOn(page, 'Attack the token')
  guide.did('Seen by the room', 'Log in', 'Attack the token')
})

test('FIRST-RUN the officers sign the opening as simulated participants, and no more of them than the quorum', async () => {
  const { page } = desktop
  await playOn(page, 'Open the run')
  const panel = stepPanel(page)
  await proceed(page)
  const sign = panel.getByRole('button', { name: /^Sign as simulated participant: Officer/ })
  await sign.first().waitFor()
  expect(await sign.count()).toBe(3)
  await panel.getByRole('button', { name: 'Sign as 2 simulated participants' }).click()
  await playOn(page, 'Make the root KEK')
  guide.did('Open the run', 'Sign as 2 simulated participants', 'Make the root KEK')
})

test('FIRST-RUN dealing the threshold key shows what is done and how far it is', async () => {
  const { page } = desktop
  await playOn(page, 'Deal the shares')
  await proceed(page)
  await stepPanel(page)
    .getByRole('progressbar', { name: 'Making the FHE key and dealing its shares' })
    .waitFor()
  const percent = stepPanel(page).getByText(/^\d+ % done/)
  const seen: number[] = []
  await percent.waitFor()
  while ((await percent.count()) > 0) {
    seen.push(...(await percent.allTextContents()).map((text) => Number.parseInt(text, 10)))
    await page.waitForTimeout(50)
  }
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(new Set(seen).size).toBeGreaterThan(2)
  await playOn(page, 'Holders prove their shares')
  guide.did('Deal the shares', 'Holders prove their shares')
  const holders = stepPanel(page).getByRole('button', { name: /^Sign as simulated participant: Holder/ })
  await holders.first().waitFor()
  expect(await holders.count()).toBe(3)
})

test('FIRST-RUN the officers sign the digest that the sealed bundle has', async () => {
  const { page } = desktop
  await playOn(page, 'Seal the bundle')
  await proceed(page)
  await stepPanel(page).getByText('Cosign the checkpoint').waitFor()
  await stepPanel(page)
    .getByRole('button', { name: /^Sign as simulated participant: Witness/ })
    .first()
    .click()
  await stepPanel(page)
    .getByRole('button', { name: /^Sign as simulated participant: Witness/ })
    .first()
    .click()
  // Between the two signings the digest is read aloud.
  const readAloud = stepPanel(page)
    .getByRole('list', { name: 'Bundle digest, in words' })
    .or(stepPanel(page).getByRole('list', { name: 'bundle, in words' }))
  await readAloud.waitFor()
  const heard = await wordsIn(stepPanel(page))
  expect(heard.length).toBe(32)
  await proceed(page)
  await stepPanel(page).getByText('Sign the bundle').waitFor()
  const signed = await wordsIn(stepPanel(page))
  expect(signed).toEqual(heard)
  await playOn(page, null)
  guide.did('Seal the bundle')
  await resultPanel(page).getByText('The bundle is sealed').waitFor()
  expect(await wordsIn(resultPanel(page))).toEqual(signed)
})

test('FIRST-RUN the exported copy is what custody verify accepts under the policy', async () => {
  const { page } = desktop
  const medium = giveFolder(join(desktop.folder, 'medium'))
  const words = await wordsIn(resultPanel(page))
  const bundle = await resultPanel(page)
    .getByText(/\/bundle\.zip$/)
    .textContent()
  folder = (bundle ?? '').replace(/\/bundle\.zip$/, '')
  await resultPanel(page).getByRole('link', { name: 'Go to bundles' }).click()
  guide.did('Go to bundles')
  await chooseInDialogs(desktop, medium)
  await page.getByRole('button', { name: 'Export…' }).click()
  await page.getByText('Written, read back and compared:').waitFor()
  const [name = ''] = readdirSync(medium)
  exported = join(medium, name)
  const verdict = jsonOf(await custody('--json', 'verify', exported, '--policy', join(folder, 'policy.json')))
  expect(verdict).toMatchObject({ ok: true, verdict: 'accepted', domain: 'rehearsal', failed: [], words })
})

test.each([
  [
    'en',
    'Folder to take away…',
    'Written and read back:',
    'Accepted.',
    ['Verdict on a bundle', 'Policy of ', 'Transcript of '],
  ],
  ['ar', 'مجلد يخرج من الغرفة…', 'كُتب وأُعيدت قراءته:', 'مقبولة.', ['الحكم على حزمة', 'سياسة ', 'سجل ']],
] as const)(
  'TAKEN-AWAY in %s one press writes the folder that leaves the room, its checksums hold, and its papers are tagged and in that language',
  async (language, button, written, accepted, [verdict, policy, transcript]) => {
    const { page } = desktop
    await setAppearance(desktop, { language })
    await show(desktop, 'bundles')
    const medium = giveFolder(join(desktop.folder, `medium-${language}`))
    await chooseInDialogs(desktop, medium)
    await page.getByRole('button', { name: button }).click()
    const said = page.getByRole('status').filter({ hasText: written })
    await said.waitFor({ timeout: 60_000 })
    // The screen says which verdict went with it.
    expect(await said.textContent()).toContain(accepted)
    const inside = join(medium, readdirSync(medium)[0] ?? '')
    expect(readdirSync(inside).toSorted()).toEqual([
      'SHA256SUMS',
      'bundle.zip',
      'policy.pdf',
      'script.pdf',
      'transcript.jsonl',
      'transcript.pdf',
      'verdict.pdf',
    ])
    const { status, stderr } = spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: inside,
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    for (const [paper, title] of [
      ['verdict.pdf', verdict],
      ['policy.pdf', policy],
      ['transcript.pdf', transcript],
      ['script.pdf', ''],
    ] as const) {
      const pdf = readFileSync(join(inside, paper)).toString('latin1')
      expect([paper, pdf.slice(0, 5)]).toEqual([paper, '%PDF-'])
      expect([paper, /\/MarkInfo\s*<<[^>]*\/Marked true/.test(pdf)]).toEqual([paper, true])
      expect([paper, pdf.includes(`/Lang (${language})`)]).toEqual([paper, true])
      expect([paper, titleOf(pdf)]).toEqual([paper, expect.stringContaining(title)])
      expect([paper, titleOf(pdf)]).not.toEqual([paper, ''])
    }
    expect(readFileSync(join(inside, 'bundle.zip')).equals(readFileSync(exported))).toBe(true)
    await setAppearance(desktop, { language: 'en' })
  },
)

test('POLICY-MISSING the same bundle without a policy is not accepted', async () => {
  const ended = await custody('--json', 'verify', exported)
  expect(jsonOf(ended, 1)).toMatchObject({ ok: false, code: 'POLICY-MISSING', failed: ['POLICY-MISSING'] })
})

test('FIRST-RUN in the window too it is consistent without a policy, and accepted once the run’s policy is chosen', async () => {
  const { page } = desktop
  const verify = page.getByRole('button', { name: 'Verify', exact: true })
  const verdict = page.locator('[data-verdict]')
  await verify.first().click()
  await verdict.waitFor()
  expect(await verdict.getAttribute('data-verdict')).toBe('consistent')
  await chooseInDialogs(desktop, exported)
  await page.getByRole('button', { name: 'Choose a file: Bundle' }).click()
  // The verdict was on another file.
  await verdict.waitFor({ state: 'detached' })
  await chooseInDialogs(desktop, join(folder, 'policy.json'))
  await page.getByRole('button', { name: 'Choose a file: Policy' }).click()
  await verify.last().click()
  await page.locator('[data-verdict=accepted]').waitFor()
  guide.did('Verify', 'consistent', 'accepted')
  expect(violations(desktop)).toEqual([])
})

test('TRANSCRIPT-CHAIN every entry is bound to the one before', async () => {
  const { page } = desktop
  await goTo(page, 'Transcript')
  await page.getByText(/^The chain of \d+ entries is intact$/).waitFor()
  guide.did('Transcript')
})

test('FHE-WHOLE-KEY no whole key or share is left in the run’s folder', () => {
  expect(existsSync(join(folder, 'fhe'))).toBe(true)
  expect(filesOf(folder).filter((name) => /client-key|holder-\d+\.bin/.test(name))).toEqual([])
})

test('PIN-WIPED no PIN that was typed is in any file of the store', () => {
  const store = join(desktop.folder, 'store')
  const told = filesOf(store).filter((name) => {
    const bytes = readFileSync(join(store, name))
    return bytes.includes(pins.so) || bytes.includes(pins.user)
  })
  expect(told).toEqual([])
})

test('GUIDE-FIRST a window that is closed in the middle finds its run at its step, and Pause and Abort are entries', async () => {
  await startRehearsal(desktop.page, { script: 'Token initialisation' })
  await playOn(desktop.page, 'Initialise the token')
  await desktop.close({ keep: true })
  desktop = await openDesktop({ folder: desktop.folder })
  const { page } = desktop
  await goTo(page, 'Ceremonies')
  await page.getByRole('row').filter({ hasText: 'Paused' }).getByRole('link').click()
  await page.getByText('The ceremony is paused').first().waitFor()
  expect(await currentStep(page)).toBe('Initialise the token')
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByText('The ceremony is paused').first().waitFor()
  await page.getByRole('button', { name: 'Stop for good…' }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByLabel('Reason').fill('To see what happens')
  await dialog.getByRole('button', { name: 'Stop the ceremony for good' }).click()
  await resultPanel(page).getByText('The ceremony was aborted').waitFor()
  await page.locator('main').getByRole('link', { name: 'Go to the transcript' }).click()
  await page.getByRole('textbox', { name: 'Filter by text' }).fill('run.')
  for (const told of [/ paused the ceremony\./, / stopped the ceremony for good\./])
    await page.locator('.log-body').getByText(told).first().waitFor()
  guide.did('Pause', 'Stop for good…')
})

test('GUIDE-FIRST nothing that the guide names was left out on the way', () => {
  expect(guide.left()).toEqual([])
})

/** Paths of all plain files below `at`, relative to it. */
function filesOf(at: string): string[] {
  return readdirSync(at, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(at, name), { throwIfNoEntry: false })?.isFile())
}
