import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { routes, setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

test('START-READY the window says that it is ready only when the next action can be pressed', async () => {
  const empty = await openDesktop({ core: 'fake:empty' })
  try {
    // `openDesktop` returned on that word: nothing is waited for here.
    expect(await empty.page.getByRole('button', { name: 'Start a rehearsal' }).isEnabled()).toBe(true)
  } finally {
    await empty.close()
  }
})

test('the clock on the first screen runs, in UTC', async () => {
  await show(desktop, 'home')
  const clock = desktop.page.locator('.measures time')
  const first = await clock.textContent()
  expect(first).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
  await expect.poll(() => clock.textContent(), { timeout: 60_000 }).not.toBe(first)
})

test('START-LOOK the page is served in the language that it was left in', async () => {
  await setAppearance(desktop, { language: 'ar' })
  const served = await desktop.app.evaluate(async ({ session }) => {
    const answer = await session.fromPartition('lux').fetch('app://lux/index.html')
    return answer.text()
  })
  expect(served).toContain('<html lang="ar" dir="rtl">')
  expect(served).toContain('language-ar.js')
  expect(served).not.toMatch(/__[A-Z_]+__/)
  await setAppearance(desktop, { language: 'en' })
})

test('START-LETTERS the first screen in either language is drawn in letters of ours alone, read before it', async () => {
  for (const language of ['en', 'ar'] as const) {
    await setAppearance(desktop, { language })
    const read = await desktop.page.evaluate(() =>
      [...document.fonts].filter(({ status }) => status === 'loaded').map(({ family }) => family),
    )
    expect(read).toContain(language === 'en' ? 'lux-latin' : 'lux-arabic')
    expect(await systemFonts(desktop)).toEqual([])
  }
  await setAppearance(desktop, { language: 'en' })
})

/** Families of the system's own that anything on the screen is drawn in. */
async function systemFonts({ page }: Desktop): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
  await session.send('DOM.enable')
  await session.send('CSS.enable')
  const { nodes } = await session.send('DOM.getFlattenedDocument', { depth: -1 })
  const found = new Set<string>()
  for (const { nodeId, nodeType } of nodes) {
    if (nodeType !== 1) continue
    const { fonts } = await session.send('CSS.getPlatformFontsForNode', { nodeId })
    for (const { familyName, isCustomFont } of fonts) if (!isCustomFont) found.add(familyName)
  }
  await session.detach()
  return [...found]
}

test('START-STYLES every class of a component on any screen that the library styles is styled here', async () => {
  const missing = new Set<string>()
  for (const route of routes) {
    await show(desktop, route)
    const classes = await desktop.page.evaluate(() => [
      ...new Set([...document.querySelectorAll('[class]')].flatMap((one) => [...one.classList])),
    ])
    for (const name of await unstyled(classes.filter((one) => one.startsWith('rt-')))) missing.add(name)
  }
  expect([...missing]).toEqual([])
})

/** Those of `classes` that the library's own sheet styles and the window's does not. */
async function unstyled(classes: string[]): Promise<string[]> {
  const ours = await desktop.page.evaluate(() =>
    [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText)).join('\n'),
  )
  return classes.filter((name) => {
    const named = new RegExp(`\\.${name}(?![\\w-])`)
    return named.test(librarySheet()) && !named.test(ours)
  })
}

let sheet: string | null = null
function librarySheet(): string {
  sheet ??= readFileSync(join(import.meta.dirname, '../../node_modules/@radix-ui/themes/styles.css'), 'utf8')
  return sheet
}
