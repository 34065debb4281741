import { afterAll, beforeAll, expect, test } from 'vitest'
import { setAppearance, show } from './support/contents.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

let desktop: Desktop
beforeAll(async () => {
  desktop = await openDesktop({ core: 'fake:' })
  await setAppearance(desktop, { language: 'en', theme: 'light' })
  await show(desktop, 'transcript/c1')
})
afterAll(() => desktop?.close())

/** Types `text` and waits until the screen says how many entries match. */
async function filter(text: string, matching: number): Promise<void> {
  await desktop.page.locator('search input').first().fill(text)
  await desktop.page.locator(`[data-matching="${matching}"]`).waitFor()
}

test('TRANSCRIPT-LARGE of ten thousand entries only those in view are in the page', async () => {
  await desktop.page.getByText('10000 of 10000 entries').waitFor()
  expect(await desktop.page.locator('.log-body [role=row]').count()).toBeLessThan(60)
})

test('TRANSCRIPT-LARGE the last of them is reached by scrolling', async () => {
  await desktop.page.locator('.log').evaluate((list) => list.scrollTo(0, list.scrollHeight))
  await desktop.page.locator('[role=row][data-seq="9999"]').waitFor()
})

test('TRANSCRIPT-FILTER ten thousand entries are filtered by what a person types', async () => {
  await filter('line 9', 1111)
  await filter('line 99', 111)
  await filter('line 9999', 1)
  await desktop.page.locator('[role=row][data-seq="9999"]').waitFor()
  expect(await desktop.page.locator('.log-body [role=row]').count()).toBe(1)
  await filter('', 10_000)
})

test('TRANSCRIPT-STORY an entry is told in a sentence, and its codes are under its details', async () => {
  const rows = desktop.page.locator('.log-body [role=row]')
  await rows.filter({ hasText: 'signed the opening.' }).first().waitFor()
  expect(await rows.filter({ hasText: 'signature.accepted' }).count()).toBe(0)
})

test('TRANSCRIPT-DETAILS an entry opens where it stands', async () => {
  await desktop.page.getByRole('button', { name: 'Show details of entry 1', exact: true }).click()
  await desktop.page.locator('[data-seq="1"] .fact').getByText('"note":"line 1"').waitFor()
  const tops = await desktop.page.locator('.log-body [role=row]').evaluateAll((rows) =>
    rows
      .map((row) => row.getBoundingClientRect())
      .toSorted((a, b) => a.top - b.top)
      .map(({ top, bottom }) => [top, bottom] as const),
  )
  // No row lies over the next.
  for (const [index, [top]] of tops.entries()) {
    const before = tops[index - 1]
    if (before) expect(top).toBeGreaterThanOrEqual(before[1] - 1)
  }
})

test('TRANSCRIPT-EXPORT the transcript is saved where the person chose', async () => {
  await desktop.app.evaluate(({ dialog }) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath: '/tmp/transcript.jsonl' })
  })
  await desktop.page.getByRole('button', { name: 'Save as JSON lines…' }).click()
  await desktop.page.getByText('10000 entries saved').waitFor()
})

test('TRANSCRIPT-WIDTH at the usual width of the window no column is cut off', async () => {
  await desktop.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.setContentSize(1280, 860),
  )
  await show(desktop, 'transcript/c1')
  const cut = () => desktop.page.locator('.log').evaluate((list) => list.scrollWidth - list.clientWidth)
  await expect.poll(cut).toBe(0)
})

test('HOME-LINES at the least width of the window each unfinished ceremony is one line with its own way on', async () => {
  await desktop.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.setContentSize(1024, 700),
  )
  await show(desktop, 'home')
  const lines = desktop.page.locator('.run-lines > li')
  await lines.first().waitFor()
  expect(await lines.count()).toBeGreaterThan(1)
  // The window takes its new size when it gets to it.
  const faults = () =>
    lines.evaluateAll((all) =>
      all.flatMap((line) => {
        const { height, right } = line.getBoundingClientRect()
        const button = line.querySelector('button')?.getBoundingClientRect()
        return innerWidth > 1024 || height > 60 || button === undefined || button.right > right
          ? [height]
          : []
      }),
    )
  await expect.poll(faults).toEqual([])
  await desktop.page.getByRole('button', { name: 'Decide: Data keys for billing' }).click()
  await desktop.page.locator('[data-screen="run"]').waitFor()
})
