import { afterEach, expect, test, vi } from 'vitest'
import { call, proveBy } from '../src/api/client.ts'
import { cameInBy } from '../src/screens/audit.tsx'

afterEach(() => vi.unstubAllGlobals())

test('CONSOLE-STEP-UP what lacked the second factor goes on once it is shown, and is refused where nobody shows it', async () => {
  const asked: unknown[] = []
  let proved = false
  const anew = { code: 'SECOND-FACTOR-ANEW', message: 'SECOND-FACTOR-ANEW: shown long ago' }
  vi.stubGlobal('fetch', async (url: string, { body }: RequestInit) => {
    asked.push([url, body])
    return proved ? Response.json({ made: true }) : Response.json(anew, { status: 403 })
  })
  const invite = () => call('POST', '/people', { name: 'Grace' })
  await expect(invite()).rejects.toThrow('SECOND-FACTOR-ANEW')
  let ends = proveBy(async () => false)
  await expect(invite()).rejects.toThrow('SECOND-FACTOR-ANEW')
  ends()
  ends = proveBy(async () => {
    proved = true
    return true
  })
  asked.length = 0
  expect(await invite()).toEqual({ made: true })
  expect(asked).toEqual(Array(2).fill(['/api/v1/people', '{"name":"Grace"}']))
  // Once is enough: a server that asks for ever is believed.
  proved = false
  ends()
  let times = 0
  ends = proveBy(async () => {
    times++
    return true
  })
  await expect(invite()).rejects.toThrow('SECOND-FACTOR-ANEW')
  expect(times).toBe(1)
  ends()
})

test('CONSOLE-CAME-BY an entry names the kind of credential and of factor, and what is unknown is not guessed', () => {
  expect(cameInBy({ credential: 'session:7c', factor: 'step-up-webauthn:2026-12-02T09:00:00Z' })).toEqual({
    credential: 'session',
    factor: 'security-key',
  })
  expect(cameInBy({ credential: 'api-key:1', factor: 'none' })).toEqual({
    credential: 'api-key',
    factor: 'none',
  })
  expect(cameInBy({ credential: 'pigeon:1', factor: 'x:y' })).toEqual({ credential: null, factor: null })
  expect(cameInBy({})).toEqual({ credential: null, factor: null })
})
