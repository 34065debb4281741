import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs'
import { extname } from 'node:path'
import { type ProtocolResponse, protocol, type Session } from 'electron'
import { type Appearance, directionOf } from '../contract/index.ts'
import { scheme } from './origin.ts'
import {
  contentSecurityPolicy,
  contentTypes,
  isWorkerScript,
  servedFile,
  workerPolicy,
} from './served-file.ts'

/** Must run before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true } }])
}

/** The page is served in the language of `language()`, so that its first frame is in it. */
export function serveApp(session: Session, folder: string, language: () => Appearance['language']): void {
  const answer = (file: string, bytes: Buffer): ProtocolResponse => {
    const nonce = randomBytes(18).toString('base64')
    const html = extname(file) === '.html'
    return {
      mimeType: contentTypes[extname(file)] ?? 'application/octet-stream',
      charset: 'utf-8',
      headers: headers(isWorkerScript(file) ? workerPolicy : contentSecurityPolicy(nonce)),
      data: html ? Buffer.from(filledIn(bytes.toString('utf8'), nonce, language())) : bytes,
    }
  }
  // `handle` does the same by way of fetch's Response and web streams, whose loading takes some 40 ms of every start.
  session.protocol.registerBufferProtocol(scheme, ({ method, url }, give) => {
    const file = method === 'GET' ? servedFile(folder, url) : null
    if (!file) give(notFound)
    else readFile(file, (error, bytes) => give(error ? notFound : answer(file, bytes)))
  })
}

const notFound: ProtocolResponse = { statusCode: 404, data: Buffer.alloc(0) }

/** What the build left open in index.html. */
function filledIn(html: string, nonce: string, language: Appearance['language']): string {
  return html
    .replaceAll('__CSP_NONCE__', nonce)
    .replaceAll('__LANGUAGE__', language)
    .replace('lang="en" dir="ltr"', `lang="${language}" dir="${directionOf(language)}"`)
}

function headers(policy: string): Record<string, string> {
  return {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(self), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  }
}
