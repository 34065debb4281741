import { afterAll, beforeAll, expect, test } from 'vitest'
import { invoke } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

/** Opens the wall from the stage, and gives its page. */
async function openWall() {
  const opened = desktop.app.waitForEvent('window')
  await desktop.page.getByRole('button', { name: 'Open the wall', exact: true }).click()
  return opened
}

test('WALL-OPEN the room sees who does what and the words in hand, and its page can ask for nothing', async () => {
  const { page } = desktop
  await page.goto('app://lux/index.html#/run/c1')
  const wall = await openWall()
  await page.getByRole('button', { name: 'The wall is on', exact: true }).waitFor()
  await wall.locator('.wall-reading li').nth(3).waitFor()
  expect(await wall.locator('header').textContent()).toContain('First run of the root key')
  expect(await wall.locator('.wall-reading b').count()).toBe(4)
  expect(
    await wall.evaluate(() => [typeof Reflect.get(window, 'lux'), Object.keys(Reflect.get(window, 'wall'))]),
  ).toEqual(['undefined', ['onShown']])
  const refused = await page.evaluate(() =>
    Reflect.get(window, 'lux').invoke('shell.wall', { wall: { pin: '51827364' } }),
  )
  expect(refused).toMatchObject({ ok: false, error: { code: 'INPUT-INVALID' } })
  expect(await wall.locator('body').textContent()).not.toContain('51827364')
})

const line = 'A name that is as long as people make names'
const key = { name: line, note: 'Made before this ceremony', depth: 3, state: 'todo' }
const full = {
  language: 'en',
  direction: 'ltr',
  title: line,
  organisation: line,
  rehearsal: 'Rehearsal',
  ...{
    step: 'Step 40 of 120',
    who: line,
    role: 'Officer',
    what: 'Ada Lindqvist, read the digest of the bundle aloud.',
  },
  state: 'step',
  since: '2026-11-24T15:59:00.000Z',
  until: null,
  labels: { running: 'Running', utc: 'UTC', keys: 'Keys 248–253 / 500' },
  parts: Array.from({ length: 6 }, (_, at) => ({ title: line, done: 1, total: 2, now: at === 3 })),
  keys: Array.from({ length: 6 }, (_, at) => ({ ...key, state: at === 3 ? 'now' : 'todo' })),
  evidence: null,
  reading: {
    what: line,
    card: 'Card 8 of 8',
    first: 29,
    heard: 7,
    differs: false,
    words: Array.from({ length: 4 }, () => ({ word: 'telephone', byte: '7f' })),
  },
}

test.each(['words', 'people'] as const)(
  'WALL-FAR at 1920 x 1080 all of %s, six keys and six parts stand on the wall, in letters of 32 px and more',
  async (what) => {
    const { app } = desktop
    const wall = app.windows().find((one) => one.url().endsWith('/wall.html'))
    if (wall === undefined) throw new Error('no wall')
    // Sizes follow the wall: a smaller one of the same shape is the same picture.
    await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()
        .find((one) => one.webContents.getURL().endsWith('/wall.html'))
        ?.setContentSize(960, 540),
    )
    await expect.poll(() => wall.evaluate(() => [innerWidth, innerHeight])).toEqual([960, 540])
    const evidence = { name: line, value: 'd1c9 5aa0 b2a6 f0e4' }
    const shown = what === 'words' ? full : { ...full, reading: null, evidence }
    expect(await invoke(desktop, 'shell.wall', { wall: shown })).toMatchObject({ ok: true })
    await wall.locator('aside li').nth(5).waitFor()
    await wall.locator(what === 'words' ? '.wall-cards span >> nth=7' : '.wall-who').waitFor()
    const seen = await wall.evaluate(() => {
      const inside = (one: Element): boolean => {
        const { left, top, right, bottom } = one.getBoundingClientRect()
        return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight
      }
      const all = [
        ...document.querySelectorAll(
          'aside li, aside h2, .wall-part, .wall-reading li, .wall-cards span, .wall-evidence strong',
        ),
      ]
      const held = all.filter((one) => {
        const box = one.closest('aside, .wall-main')?.getBoundingClientRect()
        return inside(one) && (box === undefined || one.getBoundingClientRect().bottom <= box.bottom)
      })
      const letters = [...document.querySelectorAll('main *')]
        .filter((one) => [...one.childNodes].some(({ nodeType }) => nodeType === 3))
        .map((one) => Number.parseFloat(getComputedStyle(one).fontSize))
      return {
        cut: all.length - held.length,
        now: [...document.querySelectorAll('[data-state=now]')].every(inside),
        least: (Math.min(...letters) * 1920) / innerWidth,
      }
    })
    expect(seen).toMatchObject({ cut: 0, now: true })
    expect(seen.least).toBeGreaterThan(31.9)
  },
)

test('WALL-UNPLUGGED a projector that is pulled out takes its window along, the ceremony goes on, and the stage says so', async () => {
  const { page, app } = desktop
  const at = page.url()
  await app.evaluate(({ screen, BrowserWindow }) => {
    const wall = BrowserWindow.getAllWindows().find((one) => one.webContents.getURL().endsWith('/wall.html'))
    if (wall === undefined) throw new Error('no wall')
    screen.emit('display-removed', {}, screen.getDisplayMatching(wall.getBounds()))
  })
  await page.locator('[data-wall="unplugged"]').waitFor()
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
  expect(page.url()).toBe(at)
  await page.locator('.stage-step[data-phase="ready"]').waitFor()
  const opened = app.waitForEvent('window')
  await page.getByRole('button', { name: 'Open the wall again', exact: true }).click()
  await (await opened).locator('.wall-reading li').nth(3).waitFor()
  await page.locator('[data-wall]').waitFor({ state: 'detached' })
})
