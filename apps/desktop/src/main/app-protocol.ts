import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { protocol, type Session } from 'electron'
import { contentSecurityPolicy } from './content-security-policy.ts'
import { origin, scheme } from './origin.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/** Stands in index.html where each load's nonce goes; electron.vite.config.ts writes it there. */
const noncePlaceholder = '__CSP_NONCE__'

/** Must run before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, codeCache: true } },
  ])
}

/** Where below `folder` the file of `url` lies, null when it would be outside, of another origin or of another type. */
export function resolveFile(folder: string, url: string): string | null {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (!parsed || `${parsed.protocol}//${parsed.host}` !== origin || parsed.search !== '') return null
  const path = parsed.pathname === '/' ? '/index.html' : parsed.pathname
  if (path.includes('%') || path.includes('\\')) return null
  const file = normalize(join(folder, path))
  return file.startsWith(folder + sep) && extname(file) in types ? file : null
}

export function serveApp(session: Session, folder: string): void {
  session.protocol.handle(scheme, async (request) => {
    const file = request.method === 'GET' ? resolveFile(folder, request.url) : null
    if (!file) return new Response(null, { status: 404 })
    const nonce = randomBytes(18).toString('base64')
    const headers = {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': contentSecurityPolicy(nonce),
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(self), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    }
    try {
      const bytes = await readFile(file)
      if (extname(file) !== '.html') return new Response(new Uint8Array(bytes), { headers })
      return new Response(bytes.toString('utf8').replaceAll(noncePlaceholder, nonce), { headers })
    } catch {
      return new Response(null, { status: 404 })
    }
  })
}
