import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { protocol, type Session } from 'electron'
import { contentSecurityPolicy } from './content-security-policy.ts'
import { scheme } from './origin.ts'
import { contentTypes, servedFile } from './served-file.ts'

/** Stands in index.html where each load's nonce goes; electron.vite.config.ts writes it there. */
const noncePlaceholder = '__CSP_NONCE__'

/** Must run before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, codeCache: true } },
  ])
}

export function serveApp(session: Session, folder: string): void {
  session.protocol.handle(scheme, async (request) => {
    const file = request.method === 'GET' ? servedFile(folder, request.url) : null
    if (!file) return new Response(null, { status: 404 })
    const nonce = randomBytes(18).toString('base64')
    const headers = {
      'content-type': contentTypes[extname(file)] ?? 'application/octet-stream',
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
