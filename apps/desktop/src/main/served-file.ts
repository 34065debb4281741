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

/** Hashes of the two <style> elements that Radix writes itself (Select viewport, ScrollArea). */
const radixStyles = [
  'sha256-vGQdhYJbTuF+M8iCn1IZCHpdkiICocWHDq4qnQF4Rjw=',
  'sha256-441zG27rExd4/il+NvIqyL8zFx5XmyNQtE381kSkUJk=',
]

/** The policy of one load; `nonce` is base64 and new for each. */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}' ${radixStyles.map((hash) => `'${hash}'`).join(' ')}`,
    "style-src-attr 'none'",
    "font-src 'self'",
    "img-src 'self'",
    "connect-src 'none'",
    "worker-src 'self'",
    "frame-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** The policy of the worker that makes and reads codes: of all scripts it alone may make WebAssembly, of bytes that it has in itself. */
export const workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"

/** Whether a served file is that worker's script. */
export function isWorkerScript(path: string): boolean {
  return /[/\\]assets[/\\]qr-worker-[\w-]+\.js$/.test(path)
}
