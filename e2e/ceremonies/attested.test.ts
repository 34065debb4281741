import { afterAll, beforeAll, expect, test } from 'vitest'
import { setAppearance } from '../desktop/support/contents.ts'
import { type Desktop, openDesktop } from '../desktop/support/desktop.ts'
import { currentStep, playOn, resultPanel, startRehearsal } from '../support/person.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ environment: { LUX_TRAINING: '1' } })
})
afterAll(() => desktop?.close())

const vouched = 'An attested companion key says that a genuine token was present.'
const attacked = 'Attributes read back, the token attacked and found to hold.'

test('ATTEST-WINDOW the runner says in words what each key rests on, before and after somebody vouches for it', async () => {
  const { page } = desktop
  await startRehearsal(page, { script: 'Attested root key' })
  const evidence = page.getByRole('list', { name: 'Evidence for each key' })
  await playOn(page, 'The ceremony key is vouched for')
  expect(await evidence.textContent()).toBe(`Ceremony key: E1${attacked}`)
  await playOn(page, 'The root key is vouched for')
  expect(await evidence.textContent()).toBe(`Ceremony key: E2${vouched}root-kek: E1${attacked}`)
  await playOn(page, 'Seal the bundle')
  expect(await evidence.textContent()).toBe(`Ceremony key: E2${vouched}root-kek: E2${vouched}`)

  await setAppearance(desktop, { language: 'ar', theme: 'light' })
  const arabic = page.getByRole('list', { name: 'الدليل على كل مفتاح' })
  await arabic.waitFor()
  expect(await arabic.textContent()).toContain('مفتاح مرافق مصدَّق يقول إن وحدة أصلية كانت حاضرة.')
  await setAppearance(desktop, { language: 'en', theme: 'light' })
  await playOn(page, null)
  expect(await currentStep(page)).toBeNull()
  await resultPanel(page).waitFor()
})
