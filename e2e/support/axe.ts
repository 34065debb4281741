import axe, { type RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'

/** What people are promised: WCAG 2.2 at AA. */
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const colours = ['color-contrast', 'link-in-text-block']

const all: RunOptions = { runOnly: { type: 'tag', values: tags } }
const coloursAlone: RunOptions = { runOnly: { type: 'rule', values: colours } }
const butColours: RunOptions = {
  ...all,
  rules: Object.fromEntries(colours.map((rule) => [rule, { enabled: false }])),
}

/** Shows the page in this theme, without motion, and waits until its colours are those of it. The page follows the system. */
async function showIn(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await page.waitForFunction(
    (theme) =>
      document.querySelector(`.radix-themes.${theme}`) !== null &&
      document.getAnimations().every((one) => !(one instanceof CSSTransition)),
    colorScheme,
  )
}

/**
 * What axe finds, one line per rule and element: all rules in light, and of dark the colours, which are all that differs. In Arabic
 * no colours: axe takes joined letters for icons, and passes over them. The page has the same ones in English.
 */
export async function axeFaults(page: Page, within = 'html'): Promise<string[]> {
  await showIn(page, 'light')
  if (await page.evaluate(() => document.documentElement.lang === 'ar')) return ask(page, within, butColours)
  const light = await ask(page, within, all)
  await showIn(page, 'dark')
  const dark = await ask(page, within, coloursAlone)
  await showIn(page, 'light')
  return [...light, ...dark.map((fault) => `in dark: ${fault}`)]
}

/** The same of a page that has one look. */
export const axeFaultsAsShown = (page: Page): Promise<string[]> => ask(page, 'html', all)

/** Texts with a contrast below 7 to 1, in the theme that is shown. */
export const lowContrast = (page: Page): Promise<string[]> =>
  ask(page, 'html', { runOnly: { type: 'rule', values: ['color-contrast-enhanced'] } })

/** axe is read into a page once, and tells of faults alone: both cost more than most rules do. */
async function ask(page: Page, within: string, which: RunOptions): Promise<string[]> {
  if (page.frames().length > 1) throw new Error('axe looks at one document, and this page has frames')
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  const { ran, faults } = await page.evaluate(
    async ([element, options]) => {
      const own: typeof axe = Reflect.get(window, 'axe')
      const { violations, passes } = await own.run(element, options)
      const faults = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      )
      return { ran: violations.length + passes.length, faults }
    },
    [within, { ...which, resultTypes: ['violations'] }] as [string, RunOptions],
  )
  // It has looked.
  if (ran === 0) throw new Error(`axe looked at nothing in ${within}`)
  return faults
}
