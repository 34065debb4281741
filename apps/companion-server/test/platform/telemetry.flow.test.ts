import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openServer } from '../../src/server.ts'
import { openKms } from '../support/kms-under-test.ts'

/** A collector: what came, by path, as the bytes that it is. */
async function openCollector() {
  const heard = new Map<string, Buffer[]>()
  const server = createServer((request, reply) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const path = request.url ?? ''
      heard.set(path, [...(heard.get(path) ?? []), Buffer.concat(parts)])
      reply.setHeader('content-type', 'application/x-protobuf').end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    text: (path: string) => Buffer.concat(heard.get(path) ?? []).toString('latin1'),
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

test('TELEMETRY spans and metrics of requests and operations reach a collector, and nothing of who, which key and what data', async () => {
  const collector = await openCollector()
  onTestFinished(() => collector.close())
  const kms = await openKms()
  onTestFinished(() => kms.close())
  const key = await kms.make('orders-of-a-name')
  await kms.server.app.close()
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url)
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50')
  vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '100')
  const { app } = await openServer(kms.state, false)
  let closed = false
  const close = async () => {
    if (!closed) await app.close()
    closed = true
  }
  onTestFinished(close)
  const { clientId, clientSecret } = kms.credentials
  const logIn = await app.inject({
    ...({ method: 'POST', url: '/api/v1/auth/universal-auth/login' } as const),
    payload: { clientId, clientSecret },
  })
  const token = logIn.json().accessToken
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const plaintext = Buffer.from('a very plain text').toString('base64')
  const ask = (id: string) =>
    app.inject({
      ...({ method: 'POST', url: `/api/v1/kms/keys/${id}/encrypt?` } as const),
      headers: { authorization: `Bearer ${token}`, traceparent: `00-${traceId}-b7ad6b7169203331-01` },
      payload: { plaintext },
    })
  const sealed = await ask(key)
  expect(sealed.statusCode).toBe(200)
  expect((await ask('absent')).statusCode).toBe(404)
  await vi.waitFor(
    () => {
      for (const word of [
        'key.encrypt',
        '/api/v1/kms/keys/:keyId/encrypt',
        'custody.outcome',
        'OBJECT-ABSENT',
      ])
        expect(collector.text('/v1/traces')).toContain(word)
      expect(collector.text('/v1/traces')).toContain(Buffer.from(traceId, 'hex').toString('latin1'))
      for (const word of ['custody.operations', 'http.server.request.duration', 'key.encrypt'])
        expect(collector.text('/v1/metrics')).toContain(word)
    },
    { timeout: 20_000 },
  )
  const all = collector.text('/v1/traces') + collector.text('/v1/metrics')
  const secrets = [token, clientSecret, clientId, plaintext, 'a very plain text', sealed.json().ciphertext]
  for (const secret of [...secrets, key, 'orders-of-a-name', kms.credentials.identity])
    expect(all).not.toContain(secret)

  // Gone: no reply waits, no reply changes, and the server stops in order.
  await collector.close()
  for (let done = 0; done < 20; done++) expect((await ask(key)).statusCode).toBe(200)
  await close()
})
