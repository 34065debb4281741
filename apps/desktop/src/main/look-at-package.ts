import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

/**
 * The file below a package's `resources` that is not as it was packed, null when all are. `entry`: shipped/look.ts as it was
 * built. Rejects where the thread that looks ends without saying so.
 */
export function lookAtPackage(entry: string, resources: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const looking = new Worker(entry, { workerData: resources })
    looking.once('message', (file: unknown) => {
      if (file === null || typeof file === 'string') resolve(file)
      else reject(new TypeError('neither a file nor none'))
    })
    looking.once('error', reject)
    looking.once('exit', (code) => reject(new Error(`ended with ${code}`)))
  })
}

/** Written into a packaged app by the packager for tests alone; a release has none. */
const marker = 'test-build.json'

export function isTestBuild(appPath: string): boolean {
  return existsSync(join(appPath, marker))
}

// How the window looks and is placed, as a desktop or a person may want it. Chromium knows some 1500 switches, and many take a
// protection away, so what is not listed is refused. Chromium reads a single dash, letters of either case, and what blanks surround.
const harmless =
  /^--(lang|force-device-scale-factor|force-dark-mode|force-renderer-accessibility|ozone-platform|ozone-platform-hint)(=[\w.-]*)?$/

/** The first switch of `argv` that a released app must not run with, null when there is none. */
export function forbiddenSwitch(argv: readonly string[]): string | null {
  return argv.slice(1).find((argument) => argument.trim().startsWith('-') && !harmless.test(argument)) ?? null
}
