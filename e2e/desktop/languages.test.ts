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
  ['fr', 'Réglages', 'Traduction automatique'],
  ['ja', '設定', '機械翻訳です'],
] as const)(
  'LOCALE-STATUS in %s the settings say that nobody has reviewed the texts',
  async (language, title, review) => {
    await setAppearance(desktop, { language })
    await show(desktop, 'settings')
    expect(await desktop.page.locator('html').getAttribute('lang')).toBe(language)
    expect(await desktop.page.locator('h1').first().textContent()).toBe(title)
    expect(await desktop.page.locator('main').textContent()).toContain(review)
    expect(await clipped()).toEqual([])
  },
)

test('LOCALE-LETTERS Japanese is drawn with the letters of the program, of which only the parts in use are read', async () => {
  await setAppearance(desktop, { language: 'ja' })
  await show(desktop, 'home')
  const parts = await desktop.page.evaluate(async () => {
    await document.fonts.ready
    const japanese = [...document.fonts].filter(({ family }) => family.includes('Noto Sans JP Variable'))
    return { all: japanese.length, read: japanese.filter(({ status }) => status === 'loaded').length }
  })
  expect(parts.all).toBeGreaterThan(100)
  expect(parts.read).toBeGreaterThan(0)
  expect(parts.read).toBeLessThan(parts.all / 2)
})
