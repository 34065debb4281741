import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Page } from 'playwright-core'
import { giveFolder } from '../../scripts/electron/launch.ts'
import type { Desktop } from '../desktop/support/desktop.ts'
import { chooseInDialogs } from './dialogs.ts'
import { actOnce, currentStep, exceptionPanel, goTo, seenPanel, stepPanel } from './person.ts'
import type { ProductionRoom } from './production-room.ts'

/** From the first screen to a production run's first step, by its buttons. */
export async function openPlan(
  desktop: Desktop,
  { plan, lock }: { plan: string; lock: string },
): Promise<void> {
  const { page } = desktop
  await goTo(page, 'Ceremonies')
  await choosePlan(desktop, { plan, lock })
  await page.getByRole('button', { name: 'Open the plan' }).click()
  await stepPanel(page).waitFor()
}

/** Both files of a locked plan, each in the dialog of its own button. */
export async function choosePlan(
  desktop: Desktop,
  { plan, lock }: { plan: string; lock: string },
): Promise<void> {
  const { page } = desktop
  for (const [button, path] of [
    ['Choose a file: Plan', plan],
    ['Choose a file: Lock', lock],
  ] as const) {
    await chooseInDialogs(desktop, path)
    await page.getByRole('button', { name: button }).click()
    await page.getByText(path, { exact: true }).waitFor()
  }
}

/**
 * Everybody in the room does what the screen asks of them, until the window stands at the step `until`, or at the end of
 * the run when there is none: PINs are typed, files are carried to people's devices and their answers taken in.
 * `looks` is called at each new thing that the screen asks for. Throws what the window says when it refuses something.
 */
export async function leadOn(
  desktop: Desktop,
  room: ProductionRoom,
  until: string | null,
  looks: (at: string) => Promise<void> = async () => undefined,
  limitMs = 400_000,
): Promise<void> {
  const { page } = desktop
  let seen = ''
  for (const end = Date.now() + limitMs; Date.now() < end; ) {
    const at = await currentStep(page)
    if (at === until) return
    const said = [...(await page.locator('.failure').allInnerTexts())]
    if (at === null || said.length > 0 || (await exceptionPanel(page).count()) > 0)
      throw new Error(`at “${at}”: ${said.join('\n') || (await page.locator('main').textContent())}`)
    const awaited = await awaitedSignature(desktop)
    const now = `${at} ${awaited?.file ?? ''} ${await seenPanel(page).count()}`
    if (now !== seen) await looks(at)
    seen = now
    if (awaited !== null) {
      const request = room.file(basename(awaited.file))
      if (!existsSync(request)) await saveCopy(desktop, room)
      await takeIn(desktop, await room.sign(request, awaited.from))
    } else if (await asksForFolder(page)) {
      await chooseInDialogs(desktop, giveFolder(join(desktop.folder, 'exported')))
      await mediumButton(page).click()
    } else if (!(await actOnce(page, at))) await page.waitForTimeout(30)
  }
  throw new Error(`still at “${await currentStep(page)}”`)
}

export const mediumButton = (page: Page) =>
  stepPanel(page).getByRole('button', { name: 'Choose a folder: Folder of the medium' })

/** Export waits for the folder, and for nothing else. */
export async function asksForFolder(page: Page): Promise<boolean> {
  const waits = stepPanel(page).locator('[data-go][aria-disabled]')
  return (await mediumButton(page).count()) > 0 && (await waits.count()) > 0
}

/** The file that the step asks people to sign, and the first of them who has not. */
async function awaitedSignature({ page }: Desktop): Promise<{ file: string; from: string } | null> {
  const file = stepPanel(page).locator('.carry .quiet').getByText(requestFile)
  const from = stepPanel(page).getByRole('listitem').filter({ hasText: 'Not yet' }).first()
  if ((await file.count()) === 0 || (await from.count()) === 0) return null
  try {
    const brief = { timeout: 1000 }
    return {
      file: (await file.first().textContent(brief)) ?? '',
      from: (await from.locator('.person-name').first().textContent(brief)) ?? '',
    }
  } catch {
    // The screen went on between two looks.
    return null
  }
}

/** Onto the medium that goes to people's devices. */
async function saveCopy(desktop: Desktop, room: ProductionRoom): Promise<void> {
  await chooseInDialogs(desktop, room.file('.'))
  await stepPanel(desktop.page).getByRole('button', { name: 'Save a copy…' }).click()
  await stepPanel(desktop.page).getByText('Written, read back and compared:').waitFor()
}

/** By the step's button; afterwards the window says that it has it, has gone on, or has refused it. */
export async function takeIn(desktop: Desktop, answer: string): Promise<void> {
  const { page } = desktop
  const shown = async () => [
    await page.locator('.failure').allInnerTexts(),
    // Without the button, which is off while it works.
    await stepPanel(page).locator('.stage-main').allInnerTexts(),
  ]
  const before = JSON.stringify(await shown())
  await chooseInDialogs(desktop, answer)
  await stepPanel(page).getByRole('button', { name: 'Take in a file…' }).click()
  for (const end = Date.now() + 60_000; Date.now() < end; await page.waitForTimeout(30))
    if (JSON.stringify(await shown()) !== before) return
  throw new Error(`${answer} was not taken in`)
}

const requestFile = /\/out\/\d+-[a-z]+\.json$/
