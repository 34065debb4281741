import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Written into a packaged app by the packager for tests alone; a release has none. */
const marker = 'test-build.json'

export function isTestBuild(appPath: string): boolean {
  return existsSync(join(appPath, marker))
}

const switches =
  /^--(remote-debugging-(port|pipe|address)|inspect(-brk|-port|-publish-uid)?|js-flags|load-extension|renderer-cmd-prefix|utility-cmd-prefix|no-sandbox|single-process|disable-web-security)(=|$)/

/** The first switch of `argv` that a released app must not run with, null when there is none. */
export function forbiddenSwitch(argv: readonly string[]): string | null {
  return argv.find((argument) => switches.test(argument)) ?? null
}
