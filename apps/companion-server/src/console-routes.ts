import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { App } from './platform/http/app-type.ts'
import { HttpError } from './platform/http/http-error.ts'
import { isErrno } from './platform/state-folder/private-file.ts'

const built = fileURLToPath(new URL('../../server-console/out', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Nothing but this origin's own files, and calls to it; no page may frame it. */
const policy = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ')

/** A font’s bytes are read when it is asked for: those of all languages are megabytes in each process. */
type File = {
  readonly path: string
  readonly bytes: Buffer | null
  readonly type: string
  readonly etag: string
}

/** The built console at /console/: a request names a file that was there at the start, and reaches no other path of the disk. */
export function consoleRoutes(app: App, folder = built): void {
  const files = filesIn(folder)
  app.get('/console', { schema: { hide: true } }, (_request, reply) => reply.redirect('/console/', 308))
  app.get('/console/*', { schema: { hide: true } }, async (request, reply) => {
    // The route's own pattern gives it.
    const { '*': asked } = Object(request.params) as { '*': string }
    if (files.size === 0) throw new HttpError(404, 'CONSOLE-ABSENT')
    const name = asked === '' ? 'index.html' : asked
    const file = files.get(name)
    if (file === undefined) throw new HttpError(404, 'ROUTE-ABSENT', 'Route not found')
    reply.header('Content-Security-Policy', policy).header('ETag', file.etag)
    // Names below assets hold a hash of what is in them.
    const kept = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    reply.header('Cache-Control', kept)
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
    return reply.type(file.type).send(file.bytes ?? (await readFile(file.path)))
  })
}

function filesIn(folder: string): ReadonlyMap<string, File> {
  try {
    const names = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    return new Map(
      names.flatMap((name) => {
        const type = types[extname(name)]
        if (type === undefined) return []
        const path = join(folder, name)
        const bytes = readFileSync(path)
        const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
        return [[name, { path, bytes: type.startsWith('font/') ? null : bytes, type, etag }] as const]
      }),
    )
  } catch (error) {
    // A checkout that was not built serves its keys all the same.
    if (isErrno(error, 'ENOENT')) return new Map()
    throw error
  }
}
