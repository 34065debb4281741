import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { chosenToken, initServer } from '../../src/commands/init.ts'
import { rootLine } from '../../src/commands/start.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { readSettings } from '../../src/platform/state-folder/settings.ts'
import { openServer } from '../../src/server.ts'
import { given } from '../support/kms-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

afterEach(() => vi.unstubAllEnvs())

const direct = (grants: readonly object[]) =>
  ({ caller: { identity: 'test', grants }, door: 'direct', reqId: 'test', receipt: null }) as never

test('ROOT-KEY a server without a token works from its root key alone, says so, and with no other', async () => {
  const state = stateFolder(join(await temporaryFolder(), 'state'))
  vi.stubEnv('HSM_LIBRARY_PATH', '')
  vi.stubEnv('ROOT_ENCRYPTION_KEY', randomBytes(32).toString('base64'))
  expect(chosenToken({})).toBe('root-key')
  expect(chosenToken({ rootKey: true, softToken: true })).toBe(null)
  given(await initServer({ state, domain: 'rehearsal', token: 'root-key', pinFile: null }))
  expect(JSON.stringify(await readSettings(state))).not.toContain(process.env.ROOT_ENCRYPTION_KEY)
  const everywhere = { organisation: null, project: null }
  const admin = direct([
    { role: 'server-admin', ...everywhere },
    { role: 'organisation-admin', ...everywhere },
  ])
  const first = await openServer(state, false)
  const { organisations, keys } = first.services
  const organisation = given(await organisations.createOrganisation(admin, { name: 'Here' })).id
  const project = given(await organisations.createProject(admin, { organisation, name: 'P' })).id
  const user = direct([
    { role: 'service', organisation, project },
    { role: 'crypto-officer', organisation, project },
  ])
  const key = given(await keys.create(user, { project, name: 'first' }))
  const plaintext = new Uint8Array([1, 2, 3])
  const ciphertext = given(await keys.encrypt(user, { id: key.id, plaintext }))
  const health = await first.app.inject({ method: 'GET', url: '/health' })
  expect(health.json()).toEqual({ status: 'ok', root: 'environment' })
  expect(rootLine(first.services.token.root)[0]).toContain('has every key')
  async function* bundle(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(64)
  }
  await expect(first.services.importer.importStream(bundle())).rejects.toMatchObject({
    code: 'ROOT-KEY-ONLY',
  })
  await expect(first.services.token.useToken(async () => 1)).rejects.toMatchObject({ code: 'ROOT-KEY-ONLY' })
  await first.app.close()

  const second = await openServer(state, false)
  expect(given(await second.services.keys.decrypt(user, { id: key.id, ciphertext }))).toEqual(
    Buffer.from(plaintext),
  )
  await second.app.close()

  for (const wrong of [randomBytes(32).toString('base64'), 'AAAA', '']) {
    vi.stubEnv('ROOT_ENCRYPTION_KEY', wrong)
    await expect(openServer(state, false)).rejects.toMatchObject({ code: 'ROOT-KEY' })
  }
})
