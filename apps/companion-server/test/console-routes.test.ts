import { mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { consoleRoutes } from '../src/console-routes.ts'
import type { App } from '../src/platform/http/app-type.ts'
import { makeFolder } from './support/temporary-folder.ts'

test('CONSOLE-FILES pages come from memory, a font from its file when it is asked for, and nothing that was not there at the start', async () => {
  const folder = await makeFolder()
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), 'page')
  writeFileSync(join(folder, 'assets/font.woff2'), 'font')
  const app = fastify()
  try {
    // The routes use nothing of what its type adds.
    consoleRoutes(app as unknown as App, folder)
    const get = (path: string, headers = {}) => app.inject({ url: `/console/${path}`, headers })
    const font = await get('assets/font.woff2')
    expect([font.statusCode, font.headers['content-type'], font.body]).toEqual([200, 'font/woff2', 'font'])
    const again = await get('assets/font.woff2', { 'if-none-match': font.headers.etag })
    expect([again.statusCode, again.body]).toEqual([304, ''])

    for (const name of ['index.html', 'assets/font.woff2', 'later.html'])
      writeFileSync(join(folder, name), 'other')
    expect((await get('')).body).toBe('page')
    // None of its bytes was kept.
    expect((await get('assets/font.woff2')).body).toBe('other')
    for (const path of ['later.html', '../index.html', 'assets/..%2findex.html'])
      expect((await get(path)).statusCode).toBe(404)
  } finally {
    await app.close()
    await rm(folder, { recursive: true, force: true })
  }
})
