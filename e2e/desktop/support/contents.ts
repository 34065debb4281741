import type { Desktop } from './desktop.ts'

/** Every route of the window, as its hash names it. */
export const routes = [
  'home',
  'ceremonies',
  'run/c1',
  'run/c2',
  'run/c3',
  'run/c4',
  'run/c5',
  'run/c6',
  'run/c7',
  'run/c8',
  'run/c10',
  'setup/s1',
  'setup/s2',
  'script/d1',
  'tokens',
  'tokens/slot-1',
  'tokens/7700AB12',
  'tokens/0000000000000000',
  'holders',
  'approvals',
  'bundles',
  'transcript/c1',
  'settings',
] as const

type Settings = {
  theme?: 'system' | 'light' | 'dark'
  language?:
    | 'en'
    | 'ar'
    | 'de'
    | 'es'
    | 'fr'
    | 'he'
    | 'ja'
    | 'ko'
    | 'pl'
    | 'pt-BR'
    | 'tr'
    | 'zh-CN'
    | 'pseudo'
  textSize?: number
}

/** `window.lux.invoke` from inside the page. */
export function invoke(desktop: Desktop, api: string, input: unknown): Promise<unknown> {
  return desktop.page.evaluate(([name, value]) => Reflect.get(window, 'lux').invoke(name, value), [
    api,
    input,
  ] as const)
}

/** Changes settings and loads the window again with them. */
export async function setAppearance(desktop: Desktop, settings: Settings): Promise<void> {
  await invoke(desktop, 'settings.set', settings)
  await desktop.page.reload()
  await desktop.page.locator('html[data-interactive] h1').waitFor()
}

/** Goes to a route and waits until its screen has been drawn with its data. */
export async function show(desktop: Desktop, route: string): Promise<void> {
  await desktop.page.evaluate((hash) => {
    location.hash = hash
  }, `#/${route}`)
  const name = route.split('/', 1)[0]
  await desktop.page.locator(`[data-screen="${name}"] h1`).waitFor()
  // Two parts of a screen may be on their way at once.
  await desktop.page.waitForFunction(() => document.querySelector('main output') === null)
  // What is folded away is looked at too.
  await desktop.page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true
  })
}

export function violations(desktop: Pick<Desktop, 'console'>): string[] {
  return desktop.console.filter((line) => /content security policy|refused to/i.test(line))
}
