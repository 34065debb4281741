import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const name = 'sw.js'

/** Writes the service worker beside the built app: its source, with the list of all files by their SHA-256, in Base64 as browsers check it. */
export function writeServiceWorker(source: string, out: string): void {
  const paths = readdirSync(out, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(out, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => path !== name)
    .toSorted()
  const files = Object.fromEntries(paths.map((path) => [path, digestOf(readFileSync(join(out, path)))]))
  const list = JSON.stringify(files, null, 2)
  const version = createHash('sha256').update(list).digest('hex').slice(0, 16)
  writeFileSync(
    join(out, name),
    readFileSync(source, 'utf8').replace('__FILES__', list).replace('__VERSION__', version),
  )
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}
