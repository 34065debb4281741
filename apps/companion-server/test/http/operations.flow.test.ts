import { afterAll, beforeAll, expect, test } from 'vitest'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>

beforeAll(async () => {
  kms = await openKms()
})

afterAll(() => kms.close())

test('METRICS-01 figures are for who governs or audits the deployment, by route and status, and name no key', async () => {
  const { organisations, credentials } = kms.server.services
  const grants = [{ role: 'auditor', organisation: null, project: null }] as const
  const made = given(
    await organisations.createIdentity(kms.callAs(kms.admin), { name: 'prometheus', grants }),
  )
  const asAdmin = kms.callAs(kms.admin)
  const wanted = { identity: made.identity, name: 'scrape', ttlSeconds: 3600 }
  const { token } = given(await credentials.addApiKey(asAdmin, wanted))
  const id = await kms.make('measured')
  await kms.post(`${id}/encrypt`, { plaintext: 'AAAA' })
  await kms.post(`${id}/encrypt`, { plaintext: '?' })
  const scrape = (headers: Record<string, string>) =>
    kms.server.app.inject({ method: 'GET', url: '/metrics', headers })
  const reply = await scrape({ authorization: `Bearer ${token}` })
  expect(reply.headers['content-type']).toContain('text/plain')
  const route = '/api/v1/kms/keys/:keyId/encrypt'
  expect(reply.body).toContain(`custody_http_requests_total{method="POST",route="${route}",status="200"} 1`)
  expect(reply.body).toContain(`custody_http_requests_total{method="POST",route="${route}",status="422"} 1`)
  expect(reply.body).toContain('custody_sealed 0')
  expect(reply.body).toContain('process_resident_memory_bytes')
  expect(reply.body).not.toContain(id)
  expect(reply.body).not.toContain(made.identity)
  expect((await scrape({})).statusCode).toBe(401)
  expect((await kms.call('GET', '/metrics')).status).toBe(403)
})

type Document = {
  openapi: string
  paths: Record<
    string,
    Record<string, { parameters?: { name: string; in: string }[]; requestBody?: unknown }>
  >
}

test('OPENAPI-01 the document has the routes that are served, with their parameters and body as the schemas say that check them', async () => {
  const reply = await kms.server.app.inject({ method: 'GET', url: '/api/openapi.json' })
  const document: Document = reply.json()
  expect([reply.statusCode, document.openapi]).toEqual([200, '3.1.0'])
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
  expect(documented.length).toBeGreaterThan(50)
  for (const { method, path } of documented) {
    const url = path.replaceAll(/\{(\w+)\}/g, ':$1')
    expect(kms.server.app.hasRoute({ method: method as 'GET', url }), `${method} ${url}`).toBe(true)
  }
  const encrypt = document.paths['/api/v1/kms/keys/{keyId}/encrypt']?.post
  expect(encrypt?.parameters).toMatchObject([{ name: 'keyId', in: 'path' }])
  expect(JSON.stringify(encrypt?.requestBody)).toContain('"plaintext"')
  for (const path of ['/api/v1/audit/receipts', '/api/v1/people', '/api/v1/kms/keys/{keyId}/shred'])
    expect(Object.keys(document.paths)).toContain(path)
})
