import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dirname, relative } from 'node:path/posix'

/** A link from the top of the site as one from a page of it, which a browser can follow on a disk too. */
function linkFrom(page: string, link: string): string {
  const [, path = '', rest = ''] = /^\/([^?#]*)(.*)$/.exec(link) ?? []
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path
  return (relative(dirname(page), file) || file) + rest
}

/** Rewrites the links of every page but that of what is not found, which is shown under any address. */
export function linksFromDisk(folder: string): void {
  for (const page of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!page.endsWith('.html') || page === '404.html') continue
    const path = join(folder, page)
    const text = readFileSync(path, 'utf8').replaceAll(
      /(\s(?:href|src)=")(\/(?!\/)[^"]*)"/g,
      (_, before, link) => `${before}${linkFrom(page, link)}"`,
    )
    writeFileSync(path, text)
  }
}
