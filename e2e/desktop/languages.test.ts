import { afterAll, beforeAll, expect, test } from 'vitest'
import { routes, setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

/** Texts that their own box cuts off, or that stand outside of the window. */
function clipped(): Promise<string[]> {
  return desktop.page.evaluate(() => {
    const found: string[] = []
    for (const element of document.body.querySelectorAll('*')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())
      const box = element.getBoundingClientRect()
      const hidden = element.closest('.visually-hidden, [aria-hidden="true"], script, style')
      if (!own || hidden || box.width === 0) continue
      const { overflowX, textOverflow, clipPath } = getComputedStyle(element)
      // For ears alone at this width.
      if (clipPath === 'inset(50%)') continue
      const cut =
        overflowX !== 'visible' && overflowX !== 'auto' && element.scrollWidth > element.clientWidth + 1
      if (cut && textOverflow !== 'ellipsis') found.push(`cut: ${element.textContent}`)
      // What scrolls sideways may stand outside; the page itself may not.
      if (box.right > innerWidth + 1 && !element.closest('pre, table, [data-record]'))
        found.push(`outside: ${element.textContent}`)
    }
    if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways')
    return found
  })
}

test('LOCALE-WIDTH no screen cuts a text that is 40 % longer than the English', async () => {
  await setAppearance(desktop, { language: 'pseudo' })
  const found: Record<string, string[]> = {}
  for (const route of routes) {
    await show(desktop, route)
    const here = await clipped()
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
    expect(await clipped()).toEqual([])
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
