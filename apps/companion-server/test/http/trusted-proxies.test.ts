import { afterEach, expect, test, vi } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { tablesAlone } from '../../src/operations/tables.ts'
import { trustedProxies } from '../../src/server.ts'
import type { Services } from '../../src/services.ts'

afterEach(() => vi.unstubAllEnvs())

/** What a server without anything behind it takes as the source of each call. */
async function sourcesOf(calls: readonly (readonly [remoteAddress: string, forwarded?: string])[]) {
  const nothing = {
    ...tablesAlone(),
    desk: { domain: 'rehearsal' },
    calls: {},
    telemetry: { observe: () => undefined },
    draining: { begun: false },
  }
  // The route below asks for nothing else of it.
  const app = await buildApp(nothing as unknown as Services, false, null, trustedProxies(null))
  app.get('/source', async (request) => request.ip)
  const asked = async ([remoteAddress, forwarded]: (typeof calls)[number]) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    return (await app.inject({ url: '/source', remoteAddress, headers })).body
  }
  try {
    return await Promise.all(calls.map(asked))
  } finally {
    await app.close()
  }
}

test('TRUSTED-PROXIES a proxy that is named says where a call comes from, and nobody else does', async () => {
  expect(await sourcesOf([['10.1.2.3', '203.0.113.9']])).toEqual(['10.1.2.3'])
  vi.stubEnv('TRUSTED_PROXIES', '10.1.0.0/16, fd00::7')
  const sources = await sourcesOf([
    ['10.1.2.3', '203.0.113.9'],
    ['::ffff:10.1.2.3', '203.0.113.9'],
    ['fd00::7', '203.0.113.9'],
    // What a caller himself wrote there stands before what the proxies add.
    ['10.1.2.3', '192.0.2.1, 203.0.113.9, 10.1.9.9'],
    ['10.1.2.3'],
    ['198.51.100.1', '203.0.113.9'],
  ])
  expect(sources).toEqual([...Array(4).fill('203.0.113.9'), '10.1.2.3', '198.51.100.1'])
})

test('TRUSTED-PROXIES what names no address, or is set where callers come without a proxy, is refused', () => {
  const tls = { cert: '', key: '' }
  expect(trustedProxies(tls)).toBe(null)
  vi.stubEnv('TRUSTED_PROXIES', '10.1.0.0/16')
  expect(() => trustedProxies(tls)).toThrow(expect.objectContaining({ code: 'ENVIRONMENT-VARIABLE' }))
  vi.stubEnv('TRUSTED_PROXIES', 'proxy.example')
  expect(() => trustedProxies(null)).toThrow(expect.objectContaining({ code: 'ENVIRONMENT-VARIABLE' }))
})
