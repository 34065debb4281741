import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { copySoftObjects, joinSoftTokens, softStoreOf, startHsm } from '@lux/hsm'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readPin } from '../../src/platform/hsm/pin-file.ts'
import { readSettings } from '../../src/platform/state-folder/settings.ts'
import { openServer } from '../../src/server.ts'
import { buildFaultModule, planFaults } from '../support/fault-module.ts'
import { openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
let server: Awaited<ReturnType<typeof openServer>>
/** Between the server and its second token. */
let library = ''
let url = ''
let headers = {}
let copyMissing = (): number => 0

/** A second token of the same cloning domain, with the keys that the first has by now. */
beforeAll(async () => {
  kms = await openKms()
  const settings = await readSettings(kms.state)
  url = `/api/v1/kms/keys/${await kms.make('orders')}`
  const { accessToken } = await logIn(kms.server.app)
  headers = { authorization: `Bearer ${accessToken}` }
  await kms.server.app.close()
  const { serial: from, environment } = settings.token
  const store = softStoreOf(environment) ?? ''
  const hsm = await startHsm({ library: settings.token.library, environment })
  const soPin = await readPin(join(kms.state.trainingPins, 'so.pin'))
  const userPin = await readPin(join(kms.state.trainingPins, 'user.pin'))
  const { serial: to } = await hsm.token('new').initialise({ label: 'second', soPin, userPin })
  await hsm.close()
  joinSoftTokens(store, { from, to })
  copyMissing = () => copySoftObjects(store, { from, to })
  library = buildFaultModule(kms.state.root)
  vi.stubEnv('HSM_SECOND_TOKEN_URI', `pkcs11:serial=${to}?module-path=${library}`)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await server.app.close()
  await kms.close()
})

async function logIn(app: typeof server.app) {
  const { clientId, clientSecret } = kms.credentials
  const payload = { clientId, clientSecret }
  return (await app.inject({ method: 'POST', url: '/api/v1/auth/universal-auth/login', payload })).json()
}

/** Each one has to ask a token: nothing of it is cached. */
async function encrypt(): Promise<number> {
  server.services.unwrapping.forgetAll()
  const payload = { plaintext: 'AAAA' }
  return (await server.app.inject({ method: 'POST', url: `${url}/encrypt`, headers, payload })).statusCode
}

const readiness = async () => (await server.app.inject({ url: '/readiness' })).json()
const inUse = async () =>
  (await readiness()).tokens.map((one: { inUse: boolean; code?: string }) =>
    one.inUse ? 'in use' : one.code,
  )

/** Encrypts, eight at a time, while `work` runs, and gives every status that was not 200. */
async function under(work: () => Promise<unknown>): Promise<readonly number[]> {
  const failed: number[] = []
  let done = false
  const load = async () => {
    while (!done) {
      const status = await encrypt()
      if (status !== 200) failed.push(status)
    }
  }
  const all = Array.from({ length: 8 }, load)
  await work().finally(() => {
    done = true
  })
  await Promise.all(all)
  return failed
}

const waitFor = (seen: () => Promise<unknown>) => vi.waitFor(seen, { timeout: 30_000, interval: 50 })

test('TOKEN-PAIR a second token that lacks keys is used for nothing, is named, and is in use once it has them', async () => {
  server = await openServer(kms.state, false)
  expect(await encrypt()).toBe(200)
  expect(await encrypt()).toBe(200)
  expect(await readiness()).toMatchObject({ status: 'degraded' })
  expect(await inUse()).toEqual(['in use', 'TOKEN-COPY'])
  expect(copyMissing()).toBeGreaterThan(0)
  // SoftHSM looks for objects that others made when it starts.
  await server.app.close()
  server = await openServer(kms.state, false)
  for (let done = 0; done < 2; done++) expect(await encrypt()).toBe(200)
  expect(await inUse()).toEqual(['in use', 'in use'])
  expect(await readiness()).toMatchObject({ status: 'ready' })
})

test('TOKEN-PAIR one token removed under load costs no failed request, and comes back into use when it returns', async () => {
  const failed = await under(async () => {
    planFaults(library, 'any@*=removed')
    await waitFor(async () => expect(await inUse()).toEqual(['in use', expect.stringMatching(/^HSM-/)]))
    for (let done = 0; done < 50; done++) expect(await encrypt()).toBe(200)
    planFaults(library)
    await waitFor(async () => expect(await inUse()).toEqual(['in use', 'in use']))
    for (let done = 0; done < 50; done++) expect(await encrypt()).toBe(200)
  })
  expect(failed).toEqual([])
})

test('TOKEN-PAIR the host of either token killed under load costs no failed request', async () => {
  for (const pid of hosts()) {
    const failed = await under(async () => {
      const before = hosts()
      process.kill(pid, 'SIGKILL')
      await waitFor(async () => {
        expect(hosts()).toHaveLength(before.length)
        expect(hosts()).not.toContain(pid)
        expect(await inUse()).toEqual(['in use', 'in use'])
      })
      for (let done = 0; done < 50; done++) expect(await encrypt()).toBe(200)
    })
    expect(failed).toEqual([])
  }
})

test('TOKEN-PAIR the server starts on its second token alone, which its proofs know, and signs with it', async () => {
  await server.app.close()
  const { token } = await readSettings(kms.state)
  const store = softStoreOf(token.environment) ?? ''
  const folder = readdirSync(store).find((name) => name.replaceAll('-', '').endsWith(token.serial))
  rmSync(join(store, folder ?? '?'), { recursive: true })
  server = await openServer(kms.state, false)
  expect(await encrypt()).toBe(200)
  expect(await inUse()).toEqual([expect.stringMatching(/^HSM-/), 'in use'])
  await waitFor(async () => {
    const checkpoints = server.services.database.selectFrom('audit_checkpoint').select('seq')
    expect((await checkpoints.execute()).length).toBeGreaterThan(0)
  })
  // What has to happen in both does not happen in one.
  await expect(server.services.token.use((device) => device.destroyRoot('00'))).rejects.toMatchObject({
    code: expect.stringMatching(/^HSM-/),
  })
})

/** The processes that load the libraries of this server's tokens. */
function hosts(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1])
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return parent === process.pid && line.includes('hsm') && line.includes('host')
      } catch {
        return false
      }
    })
    .map(Number)
}
