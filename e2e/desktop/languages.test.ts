import { afterAll, beforeAll, expect, test } from 'vitest'
import { clipped } from '../support/clipped.ts'
import { routes, setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

test('LOCALE-WIDTH no screen cuts a text that is 40 % longer than the English', async () => {
  await setAppearance(desktop, { language: 'pseudo' })
  const found: Record<string, string[]> = {}
  for (const route of routes) {
    await show(desktop, route)
    const here = await clipped(desktop.page)
    if (here.length > 0) found[route] = here
  }
  expect(found).toEqual({})
})

test.each([
  ['de', 'Einstellungen', 'Maschinell übersetzt'],
  ['es', 'Ajustes', 'Traducción automática'],
  ['fr', 'Réglages', 'Traduction automatique'],
  ['he', 'הגדרות', 'תרגום מכונה'],
  ['ja', '設定', '機械翻訳です'],
  ['ko', '설정', '기계 번역'],
  ['pl', 'Ustawienia', 'Tłumaczenie maszynowe'],
  ['pt-BR', 'Configurações', 'Tradução automática'],
  ['tr', 'Ayarlar', 'Makine çevirisi'],
  ['zh-CN', '设置', '机器翻译'],
] as const)(
  'LOCALE-STATUS in %s the settings say that nobody has reviewed the texts',
  async (language, title, review) => {
    await setAppearance(desktop, { language })
    await show(desktop, 'settings')
    const page = desktop.page.locator('html')
    expect(await page.getAttribute('lang')).toBe(language)
    expect(await page.getAttribute('dir')).toBe(language === 'he' ? 'rtl' : 'ltr')
    expect(await desktop.page.locator('h1').first().textContent()).toBe(title)
    expect(await desktop.page.locator('main').textContent()).toContain(review)
    expect(await clipped(desktop.page)).toEqual([])
  },
)

test.each([
  ['ja', 'Noto Sans JP Variable'],
  ['ko', 'Noto Sans KR Variable'],
  ['zh-CN', 'Noto Sans SC Variable'],
] as const)(
  'LOCALE-LETTERS %s is drawn with the letters of the program, of which only the parts in use are read',
  async (language, family) => {
    await setAppearance(desktop, { language })
    await show(desktop, 'home')
    const parts = await desktop.page.evaluate(async (wanted) => {
      await document.fonts.ready
      const own = [...document.fonts].filter((font) => font.family.includes(wanted))
      return { all: own.length, read: own.filter(({ status }) => status === 'loaded').length }
    }, family)
    expect(parts.all).toBeGreaterThan(90)
    expect(parts.read).toBeGreaterThan(0)
    expect(parts.read).toBeLessThan(parts.all / 2)
  },
)
