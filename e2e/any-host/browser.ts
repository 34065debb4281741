import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Page } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'chrome']

/** Chromium as the system has it: the Debian package `chromium`, or where LUX_CHROMIUM says. */
export function browserPath(): string {
  const { LUX_CHROMIUM, PATH = '' } = process.env
  const places = [...PATH.split(delimiter), '/usr/bin'].flatMap((folder) =>
    names.map((name) => join(folder, name)),
  )
  const found = LUX_CHROMIUM ?? places.find((path) => existsSync(path))
  if (found === undefined) throw new Error('no Chromium: apt-get install chromium, or set LUX_CHROMIUM')
  return found
}

/** What any run of it takes: a root without a sandbox, no screen, and nothing that looks for its maker. */
export const browserArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export type OpenPage = {
  /** The value of an expression in the page. */
  ask(expression: string): Promise<unknown>
  /** The process that all others of the browser descend from. */
  readonly pid: number
  close(): Promise<void>
}

/** A page at an address in a new browser without a screen; the page, and no worker of it, runs `slower` times slower. */
export async function openPage(address: string, slower = 1): Promise<OpenPage> {
  const server = await chromium.launchServer({
    executablePath: browserPath(),
    args: browserArgs,
  })
  const { pid } = server.process()
  try {
    if (pid === undefined) throw new Error('Chromium did not start')
    const browser = await chromium.connect(server.wsEndpoint())
    const page = await browser.newPage()
    if (slower > 1) await slowDown(page, slower)
    await page.goto(address)
    return { ask: (expression) => page.evaluate(expression), pid, close: () => server.close() }
  } catch (error) {
    await server.close()
    throw error
  }
}

async function slowDown(page: Page, rate: number): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate })
}

/**
 * Milliseconds from an address to the first heading on the screen, each time in a profile that has seen nothing, on a processor that is
 * `slower` times slower; by turns, so that a busy machine is busy for all of them.
 */
export async function timesToHeading<Name extends string>(
  addresses: Readonly<Record<Name, string>>,
  { runs, slower }: { runs: number; slower: number },
): Promise<Record<Name, number[]>> {
  const browser = await chromium.launch({ executablePath: browserPath(), args: browserArgs })
  // Object.keys of a record gives exactly its keys.
  const names = Object.keys(addresses) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  try {
    for (let run = 0; run < runs; run += 1)
      for (const name of names) {
        const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
        const page = await context.newPage()
        const session = await context.newCDPSession(page)
        await session.send('Emulation.setCPUThrottlingRate', { rate: slower })
        const began = performance.now()
        await page.goto(addresses[name])
        await page.locator('h1').waitFor()
        times[name].push(performance.now() - began)
        await context.close()
      }
    return times
  } finally {
    await browser.close()
  }
}
