import { extname, join, normalize, sep } from 'node:path'
import { origin } from './origin.ts'

/** Types of the files that the window consists of; nothing else is served. */
export const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/** Where below `folder` the file of `url` lies, null when it would be outside, of another origin or of another type. */
export function servedFile(folder: string, url: string): string | null {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (!parsed || `${parsed.protocol}//${parsed.host}` !== origin || parsed.search !== '') return null
  const path = parsed.pathname === '/' ? '/index.html' : parsed.pathname
  if (path.includes('%') || path.includes('\\')) return null
  const file = normalize(join(folder, path))
  return file.startsWith(folder + sep) && extname(file) in contentTypes ? file : null
}
