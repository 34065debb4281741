import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { openRateLimit } from '../../src/access/rate-limit.ts'
import { openSharedCounts } from '../../src/platform/shared-counts.ts'
import { openServer } from '../../src/server.ts'
import { openKms } from '../support/kms-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

let folder = ''
let redis: ChildProcess
const socket = () => join(folder, 's')

async function startRedis(): Promise<void> {
  const options = ['--port', '0', '--unixsocket', socket(), '--save', '', '--appendonly', 'no']
  redis = spawn('redis-server', options, { cwd: folder, stdio: 'ignore' })
  await waitFor(() => expect(existsSync(socket())).toBe(true))
}
async function stopRedis(): Promise<void> {
  if (redis.exitCode !== null || redis.signalCode !== null) return
  const ended = once(redis, 'exit')
  redis.kill('SIGKILL')
  await ended
}
const waitFor = (seen: () => unknown) => vi.waitFor(seen, { timeout: 20_000, interval: 20 })

beforeAll(async () => {
  folder = await makeFolder()
  await startRedis()
})
afterAll(async () => {
  await stopRedis()
  await rm(folder, { recursive: true, force: true })
})

/** One replica, whose limit is ten at a time and whose own clock stands still. */
function replica() {
  const shared = openSharedCounts(socket(), 'd')
  onTestFinished(() => shared.close())
  return { shared, limit: openRateLimit(10, () => 0, shared) }
}

test('REDIS what one replica counts the other hears; without Redis each counts alone, and both go on', async () => {
  const [a, b] = [replica(), replica()]
  await waitFor(() => expect([a.shared.inUse, b.shared.inUse]).toEqual([true, true]))
  // Each has to know the name before it hears what others count of it.
  await waitFor(() => {
    const heard = [a.shared.count('one'), b.shared.count('one')]
    expect(Math.min(...heard)).toBeGreaterThan(0)
  })
  for (let done = 0; done < 500; done++) a.shared.count('one')
  let heard = 0
  await waitFor(() => {
    heard += b.shared.count('one')
    expect(heard).toBeGreaterThanOrEqual(500)
  })

  await stopRedis()
  await waitFor(() => expect([a.shared.inUse, b.shared.inUse]).toEqual([false, false]))
  const alone = Array.from({ length: 12 }, () => a.limit.take('alone'))
  expect(alone.filter((one) => one)).toHaveLength(10)
  await rm(socket(), { force: true })
  await startRedis()
  await waitFor(() => expect([a.shared.inUse, b.shared.inUse]).toEqual([true, true]))
})

test('REDIS gone under a server changes no answer and is said in readiness; a URL that is none stops the start', async () => {
  const kms = await openKms()
  onTestFinished(() => kms.close())
  const key = await kms.make('orders')
  await kms.server.app.close()
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('REDIS_URL', 'localhost:6379')
  await expect(openServer(kms.state, false)).rejects.toMatchObject({ code: 'ENVIRONMENT-VARIABLE' })
  vi.stubEnv('REDIS_URL', socket())
  const { app } = await openServer(kms.state, false)
  onTestFinished(() => app.close())
  const { clientId, clientSecret } = kms.credentials
  const logIn = await app.inject({
    ...({ method: 'POST', url: '/api/v1/auth/universal-auth/login' } as const),
    payload: { clientId, clientSecret },
  })
  const headers = { authorization: `Bearer ${logIn.json().accessToken}` }
  const encrypt = async () =>
    (
      await app.inject({
        ...({ method: 'POST', url: `/api/v1/kms/keys/${key}/encrypt` } as const),
        headers,
        payload: { plaintext: 'AAAA' },
      })
    ).statusCode
  const readiness = async () => (await app.inject({ url: '/readiness' })).json()
  await waitFor(async () => expect(await readiness()).toEqual({ status: 'ready', redis: { inUse: true } }))
  expect(await encrypt()).toBe(200)
  await stopRedis()
  await waitFor(async () =>
    expect(await readiness()).toEqual({ status: 'degraded', redis: { inUse: false } }),
  )
  expect(await encrypt()).toBe(200)
})
