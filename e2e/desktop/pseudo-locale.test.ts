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
    const names = [
      'aria-label',
      'aria-description',
      'aria-valuetext',
      'aria-roledescription',
      'title',
      'placeholder',
      'alt',
    ]
    for (const element of document.querySelectorAll(names.map((name) => `[${name}]`).join())) {
      for (const name of names) {
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

test.each([
  ['tokens/slot-1', 'initialise'],
  ['tokens/7700AB12', 'log-in'],
] as const)('I18N-PSEUDO the dialog of %s to %s is translated whole', async (route, _what) => {
  await show(desktop, route)
  await desktop.page.locator('main button[aria-haspopup="dialog"]').first().click()
  await desktop.page.getByRole('dialog').waitFor()
  expect(await unmarked()).toEqual([])
  await desktop.page.keyboard.press('Escape')
})

test('I18N-PSEUDO the question before a ceremony is aborted is translated whole', async () => {
  await show(desktop, 'run/c1')
  await desktop.page.locator('main button[aria-haspopup="dialog"]').last().click()
  await desktop.page.getByRole('alertdialog').waitFor()
  expect(await unmarked()).toEqual([])
  await desktop.page.keyboard.press('Escape')
})
