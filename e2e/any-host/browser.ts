import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

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
