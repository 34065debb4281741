import { afterAll, beforeAll, expect, test } from 'vitest'
import { routes, setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
  await setAppearance(desktop, { language: 'pseudo' })
})
afterAll(() => desktop?.close())

/** Visible texts and accessible names outside of `data-record` that no translation marked. */
function unmarked(): Promise<string[]> {
  return desktop.page.evaluate(() => {
    const found: string[] = []
    const isRecord = (element: Element | null): boolean => element?.closest('[data-record]') != null
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent?.trim() ?? ''
      const element = node.parentElement
      if (!/\p{L}/u.test(text) || isRecord(element) || element?.closest('script, style, select[aria-hidden]'))
        continue
      if (!/^[^\p{L}]*⟦[\s\S]*⟧[^\p{L}]*$/u.test(text)) found.push(text)
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')) {
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
        const text = element.getAttribute(name)
        if (text && /\p{L}/u.test(text) && !isRecord(element) && !/⟦[\s\S]*⟧/.test(text))
          found.push(`${name}: ${text}`)
      }
    }
    return found
  })
}

test.each(routes)('I18N-PSEUDO %s shows no text that is not translated', async (route) => {
  await show(desktop, route)
  expect(await unmarked()).toEqual([])
})

test('I18N-PSEUDO a failure is translated whole', async () => {
  await show(desktop, 'run/c1')
  await desktop.page.locator('input[type=password]').fill('0000')
  await desktop.page.locator('input[type=password]').press('Enter')
  await desktop.page.locator('.failure').waitFor()
  expect(await unmarked()).toEqual([])
})
