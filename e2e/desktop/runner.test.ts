import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exceptionPanel } from '../support/person.ts'
import { setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

const words = {
  en: {
    taken: 'PIN taken; it is used when you go on',
    paused: 'Paused by',
    away: 'The token of this step is not present',
    skipped: 'skipped',
    restarted: 'The program was started again.',
    nothing: 'Until then Resume writes nothing and asks for no PIN',
    device: 'Each types this on a device of their own',
    copy: 'Copy: ',
    copied: 'Copied',
    parts: 'carry 1 of 2 parts',
  },
  ar: {
    taken: 'استُلم رمز PIN؛ يُستعمل حين تتابع',
    paused: 'أوقفها مؤقتًا',
    away: 'الوحدة الأمنية لهذه الخطوة غير موجودة',
    skipped: 'متخطاة',
    restarted: 'أُعيد تشغيل البرنامج.',
    nothing: 'وإلى ذلك الحين لا يكتب الاستئناف شيئًا ولا يطلب رمز PIN',
    device: 'يكتب كل منهم هذا على جهازه',
    copy: 'نسخ: ',
    copied: 'نُسخ',
    parts: '1 من 2 من الأجزاء',
  },
} as const

describe.each(['en', 'ar'] as const)('RUNNER in %s', (language) => {
  const said = words[language]
  beforeAll(() => setAppearance(desktop, { language, theme: 'light' }))

  test('RUNNER-PIN a PIN that was typed is acknowledged before the step goes on, and no field asks for it again', async () => {
    await show(desktop, 'run/c4')
    await desktop.page.getByText(said.taken, { exact: true }).waitFor()
    expect(await desktop.page.locator('input[type=password]').count()).toBe(0)
  })

  test('RUNNER-WAITS a token that is away is named before anything else that is awaited', async () => {
    await show(desktop, 'run/c4')
    const waits = desktop.page.locator('[data-waits=token-missing]')
    await waits.getByText(said.away, { exact: true }).waitFor()
    expect(await waits.textContent()).toContain('rehearsal-root')
  })

  test('RUNNER-PAUSED who paused the ceremony and why stands on its step', async () => {
    await show(desktop, 'run/c4')
    const paused = await desktop.page.locator('[data-waits=paused]').textContent()
    expect(paused).toContain(said.paused)
    expect(paused).toContain('Ada Lindqvist')
    expect(paused).toContain('the room was left for a fire drill')
  })

  test('RESUME-IDLE a run that waits for files says from whom they come and where they go, and takes one in while it is paused', async () => {
    await show(desktop, 'run/c5')
    const paused = desktop.page.locator('[data-waits=paused]')
    const text = await paused.textContent()
    for (const part of [said.restarted, said.nothing, 'Mei Tanaka, Lena Brandt', '/store/ceremonies/c5/in'])
      expect(text).toContain(part)
    const steps = desktop.page.locator('.carry > li')
    expect(await steps.count()).toBe(3)
    await steps.last().getByRole('button').waitFor()
  })

  test('RUNNER-DEVICE what each holder types on a device of their own stands on the step, and is copied by a button', async () => {
    await show(desktop, 'run/c6')
    const { app, page } = desktop
    await page.getByText(said.device, { exact: false }).waitFor()
    const commands = await page.locator('.device .command .mono').allTextContents()
    expect(commands.map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
      'custody holder receive envelopes/holder-1.age',
      'custody holder prove share-1.sealed',
      'custody holder receive envelopes/holder-2.age',
      'custody holder prove share-2.sealed',
    ])
    const [first = ''] = commands
    await page.getByRole('button', { name: `${said.copy}${first}`, exact: true }).click()
    await page.getByText(said.copied, { exact: true }).first().waitFor()
    expect(await app.evaluate(({ clipboard }) => clipboard.readText())).toBe(first)
  })

  test('RUNNER-UNSTATED who has not said what is left of a moving key, and what that costs, stands at the step with the button for the file', async () => {
    await show(desktop, 'run/c7')
    const { page } = desktop
    const notice = await page.locator('[data-waits=unstated]').textContent()
    for (const part of ['Ivan Petrov', said.parts]) expect(notice).toContain(part)
    expect(await page.locator('.device .command .mono').textContent()).toContain('holder approve-epoch')
    // A camera takes it too.
    expect(await page.locator('.carry > li').last().getByRole('button').count()).toBe(2)
  })

  test('RUNNER-SKIPPED a skipped step is called skipped, and does not open as what is done does', async () => {
    await show(desktop, 'run/c4')
    const step = desktop.page.locator('.timeline-steps li[data-state=skipped]')
    expect(await step.count()).toBe(1)
    expect(await step.textContent()).toContain(said.skipped)
    expect(await step.getByRole('button').count()).toBe(0)
  })
})

test('RUNNER-EXCEPTION the state of the PIN stands beside the decision', async () => {
  await setAppearance(desktop, { language: 'en' })
  await show(desktop, 'run/c2')
  const panel = exceptionPanel(desktop.page)
  const facts = panel.locator('.fact-group')
  expect(await facts.count()).toBe(1)
  expect(await facts.textContent()).toMatch(/rehearsal-root.*No wrong try.*d1c95aa0b2a6f0e4/)
})

test('RUNNER-FACTS an answer of the plan is shown in words, never by its key', async () => {
  await show(desktop, 'run/c4')
  await desktop.page.getByText('Bag number', { exact: true }).waitFor()
  expect(await desktop.page.getByText('bag-number').count()).toBe(0)
})

test('HOME-TOKEN the strip names maker and model of the token, and not what the library calls itself', async () => {
  await show(desktop, 'home')
  await desktop.page.getByText('SoftHSM project · SoftHSM v2', { exact: true }).waitFor()
})
