import { readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { extname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { contentPolicyOf } from '@lux/ceremony/wire'

/** The built app for people's phones: an origin's whole content. */
export const phoneOut = fileURLToPath(new URL('../../share-holder-mobile-web/out', import.meta.url))

/** A port for it; null where it is none that a person may choose. The address belongs to what a browser keeps: 0, a free one, is no choice. */
export function phonePort(asked: string): number | null {
  const port = /^\d{1,5}$/.test(asked) ? Number(asked) : 0
  return port >= 1024 && port <= 65_535 ? port : null
}

/**
 * The phone's app beside a server of rehearsals, on a port and so an origin of its own, where no call of the server is answered. For real
 * keys somebody else serves it: null.
 */
export async function rehearsalPhoneApp(
  domain: 'rehearsal' | 'production',
  port: number,
  folder = phoneOut,
): Promise<Server | null> {
  return domain === 'rehearsal' ? servePhone(folder, port) : null
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
}

/** What index.html says of itself, and what only a header can say. */
const headers: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
  'Cache-Control': 'no-cache',
}

/** Serves the files of `folder` on 127.0.0.1, and nothing else: every other address of the origin is 404. */
export function servePhone(folder: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const file =
      request.method === 'GET' || request.method === 'HEAD' ? fileAt(folder, request.url ?? '/') : null
    if (file === null) {
      response.writeHead(404, headers).end()
      return
    }
    const type = types[extname(file)] ?? 'application/octet-stream'
    const body = readFileSync(file)
    response.writeHead(200, {
      ...headers,
      'Content-Security-Policy': contentPolicyOf(relative(folder, file)),
      'Content-Type': type,
      'Content-Length': body.length,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  return new Promise((done, failed) => {
    server.once('error', failed)
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => done(server))
  })
}

function fileAt(folder: string, url: string): string | null {
  let path: string
  try {
    path = decodeURIComponent(new URL(url, 'http://127.0.0.1').pathname)
  } catch {
    return null
  }
  const file = resolve(join(folder, path === '/' ? 'index.html' : path))
  const inside = file.startsWith(resolve(folder) + sep)
  return inside && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : null
}
