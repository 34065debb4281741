import { afterAll, beforeAll, expect, test } from 'vitest'
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
