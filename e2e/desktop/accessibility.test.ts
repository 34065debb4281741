import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { axeFaults, axeFaultsAsShown } from '../support/axe.ts'
import { shot } from '../support/shot.ts'
import { routes, setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

const found = (within?: string): Promise<string[]> => axeFaults(desktop.page, within)

describe.each(['en', 'ar'] as const)('A11Y in %s', (language) => {
  beforeAll(() => setAppearance(desktop, { language, theme: 'system' }))

  test.each(routes)('A11Y-AXE %s has no violation', async (route) => {
    await show(desktop, route)
    if (language === 'en') await shot(desktop.page, `window-${route.replace('/', '-')}`)
    expect(await found()).toEqual([])
  })

  test('A11Y-AXE the results of what a token can do have no violation', async () => {
    await show(desktop, 'tokens/d1c95aa0b2a6f0e4')
    const name = language === 'en' ? 'Try what it can do' : 'جرّب ما تستطيعه'
    await desktop.page.getByRole('button', { name, exact: true }).click()
    await desktop.page.getByText('CKM_EDDSA', { exact: true }).waitFor()
    expect(await found()).toEqual([])
  })

  test('A11Y-AXE the dialog of a token has no violation', async () => {
    await show(desktop, 'tokens')
    await desktop.page.locator('main button[aria-haspopup="dialog"]').last().click()
    await desktop.page.getByRole('dialog').waitFor()
    expect(await found()).toEqual([])
    await desktop.page.keyboard.press('Escape')
  })

  test('A11Y-AXE help, the palette and the lock have no violation', async () => {
    const { page } = desktop
    await show(desktop, 'home')
    await page.keyboard.press('F1')
    await page.getByRole('dialog').getByRole('textbox').fill('pin')
    expect(await found()).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+k')
    await page.getByRole('option').first().waitFor()
    expect(await found()).toEqual([])
    await page.locator('[role=option][id=lock]').click()
    await page.locator('.idle-cover').waitFor()
    expect(await found()).toEqual([])
    await page.keyboard.press('Enter')
    await page.locator('.idle-cover').waitFor({ state: 'detached' })
  })

  test('A11Y-AXE a result that waits to be seen, and a done step that is opened again, have no violation', async () => {
    const { page } = desktop
    await show(desktop, 'run/c10')
    await page.locator('.stage-step[data-phase=result] .result-card').waitFor()
    await page.locator('.seen-by label').first().click()
    await page.locator('.seen-by input:checked').waitFor({ state: 'attached' })
    expect(await found()).toEqual([])
    await page.locator('.timeline-steps li[data-state=done] button').first().click()
    await page.locator('.stage-step[data-phase=again] .result-card').waitFor()
    expect(await found()).toEqual([])
  })

  test('A11Y-AXE the verdict on a bundle has no violation', async () => {
    const { page } = desktop
    await show(desktop, 'bundles')
    const verify = page.getByRole('button', { name: language === 'en' ? 'Verify' : 'تحقق', exact: true })
    // Before the list is there, the first Verify is the form's own, and off.
    await page.locator('main ul.list > li').first().waitFor()
    await verify.first().click()
    await page.locator('[data-verdict]').waitFor()
    if (language === 'en') await shot(page, 'window-verdict')
    expect(await found()).toEqual([])
  })

  test('A11Y-AXE every stage of a set-up, and the dialog in which somebody signs, have no violation', async () => {
    const { page } = desktop
    await show(desktop, 'setup/s2')
    const stages = page.locator('.setup-steps button')
    for (let stage = 0; stage < (await stages.count()); stage += 1) {
      await stages.nth(stage).click()
      await page.locator('.setup-steps [aria-current]').waitFor()
      expect(await found()).toEqual([])
      const sign = page.locator('.signers [data-first][aria-haspopup="dialog"]')
      if ((await sign.count()) === 0) continue
      await sign.click()
      await page.getByRole('dialog').locator('.sign-part .act-changes').waitFor()
      expect(await found('[role=dialog]')).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  })

  test('A11Y-DIRECTION the document says its language and direction', async () => {
    const { lang, dir } = await desktop.page.evaluate(() => {
      const { lang, dir } = document.documentElement
      return { lang, dir }
    })
    expect({ lang, dir }).toEqual({ lang: language, dir: language === 'ar' ? 'rtl' : 'ltr' })
  })
})

test('A11Y-EMPTY the empty state has no violation and offers its three ways', async () => {
  const empty = await openDesktop({ core: 'fake:empty' })
  try {
    await setAppearance(empty, { theme: 'system' })
    await show(empty, 'home')
    expect(await axeFaults(empty.page)).toEqual([])
    for (const name of ['Start a rehearsal', 'Verify a bundle', 'Look at tokens']) {
      expect(await empty.page.getByRole('button', { name }).count()).toBe(1)
    }
  } finally {
    await empty.close()
  }
})

test('A11Y-HEADING every screen has one h1; it has the focus when it opens, or the next action on Home and in a run', async () => {
  await setAppearance(desktop, { language: 'en', theme: 'light' })
  for (const route of routes) {
    await show(desktop, route)
    const acts = route === 'home' || route.startsWith('run/')
    await expect
      .poll(() =>
        desktop.page.evaluate(() => {
          const { activeElement: focus } = document
          const first = focus?.matches('main :is(a[href], button:enabled, input:enabled, textarea:enabled)')
            ? 'action'
            : null
          return {
            count: document.querySelectorAll('h1').length,
            focus: focus?.matches('h1') ? 'heading' : (first ?? focus?.outerHTML.slice(0, 200)),
          }
        }),
      )
      .toEqual({ count: 1, focus: acts ? expect.stringMatching(/^(?:heading|action)$/) : 'heading' })
  }
})

test('A11Y-KEYBOARD every link and button of a screen is reached by Tab, and shows that it has the focus', async () => {
  await show(desktop, 'tokens')
  const wanted = await desktop.page.locator('a[href]:visible, button:visible').count()
  const reached = new Set<string>()
  for (let press = 0; press < wanted + 10; press += 1) {
    await desktop.page.keyboard.press('Tab')
    const seen = await desktop.page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body) return null
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
      const all = [...document.querySelectorAll('a[href], button')]
      return {
        index: all.indexOf(element),
        visible: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none',
      }
    })
    if (seen === null || seen.index < 0) continue
    expect(seen).toMatchObject({ visible: true })
    reached.add(String(seen.index))
  }
  expect(reached.size).toBe(wanted)
})

test('A11Y-WALL the window on the wall has no violation', async () => {
  await setAppearance(desktop, { language: 'en', theme: 'dark' })
  await show(desktop, 'run/c1')
  const opened = desktop.app.waitForEvent('window')
  await desktop.page.getByRole('button', { name: 'Open the wall', exact: true }).click()
  const wall = await opened
  await wall.locator('.wall-reading li').nth(3).waitFor()
  expect(await axeFaultsAsShown(wall)).toEqual([])
  await desktop.page.getByRole('button', { name: 'The wall is on', exact: true }).click()
  await expect.poll(() => desktop.app.windows().length).toBe(1)
})

/** How each route lies in a window of this size: what stands out sideways, and live buttons that are not whole on the screen. */
async function layouts(
  [width, height]: readonly [number, number],
  settings: Parameters<typeof setAppearance>[1],
): Promise<{ route: string; overflow: number; live: number; off: number }[]> {
  await desktop.app.evaluate(
    ({ BrowserWindow }, [w, h]) => BrowserWindow.getAllWindows()[0]?.setContentSize(w, h),
    [width, height] as const,
  )
  await setAppearance(desktop, settings)
  const zoom = (settings.textSize ?? 100) / 100
  await expect
    .poll(() => desktop.page.evaluate(() => [innerWidth, innerHeight]))
    .toEqual([width / zoom, height / zoom])
  const seen: Awaited<ReturnType<typeof layouts>> = []
  for (const route of routes) {
    await show(desktop, route)
    const found = await desktop.page.evaluate(() => {
      const live = [...document.querySelectorAll('[data-go]')].map((one) => one.getBoundingClientRect())
      const { scrollWidth, clientWidth } = document.documentElement
      return {
        overflow: scrollWidth - clientWidth,
        live: live.length,
        off: live.filter(
          ({ left, right, top, bottom }) => left < 0 || top < 0 || right > innerWidth || bottom > innerHeight,
        ).length,
      }
    })
    seen.push({ route, ...found })
  }
  return seen
}

describe.each(['en', 'ar'] as const)('A11Y in a small window, %s', (language) => {
  test('A11Y-SMALL at 1024 x 700 nothing is cut off sideways, and the live button lies whole on the screen', async () => {
    const seen = await layouts([1024, 700], { language, theme: 'light', textSize: 100 })
    expect(seen.filter(({ overflow, off }) => overflow > 0 || off > 0)).toEqual([])
    // Every screen of a ceremony has one.
    expect(seen.filter(({ route, live }) => route.startsWith('setup/') && live === 0)).toEqual([])
  })

  test('A11Y-REFLOW at 200 % text size and at 320 px nothing is cut off sideways, and the live button lies whole on the screen', async () => {
    const seen = await layouts([640, 800], { language, theme: 'light', textSize: 200 })
    // Home is read from its top: its button comes after what it says.
    const wrong = seen.filter(({ route, overflow, off }) => overflow > 0 || (off > 0 && route !== 'home'))
    expect(wrong).toEqual([])
  })
})
