import { join } from 'node:path'
import { preflightLibrary, softTokenEnvironment, startHsm } from '@lux/hsm'
import { expect, test, vi } from 'vitest'
import { chosenToken, initServer, libraryStart } from '../../src/commands/init.ts'
import { openServerToken } from '../../src/platform/hsm/server-token.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { readSettings } from '../../src/platform/state-folder/settings.ts'
import { makeServerState, pinFileOf } from '../support/server-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('TOKEN-SLOT, SOFT-ROOT init takes the token of HSM_LIBRARY_PATH in HSM_SLOT, and keeps its serial; in production none that is a program', async () => {
  const folder = await temporaryFolder()
  const before = await makeServerState(folder, 'rehearsal')
  const { library, environment } = softTokenEnvironment(before.softToken)
  const hsm = await startHsm({ library, environment })
  const [token] = (await hsm.tokens()).filter(({ initialised }) => initialised)
  await hsm.close()
  const pinFile = await pinFileOf(before)
  const state = stateFolder(join(folder, 'another'))
  const init = (slot: string | null) =>
    initServer({ state, domain: 'rehearsal', pinFile, token: { library, slot, env: environment } })
  expect(await init('12345')).toMatchObject({ ok: false, rule: 'TOKEN-SLOT' })
  const production = { state, domain: 'production', pinFile } as const
  const named = { ...production, token: { library, slot: token!.slot, env: environment } }
  expect(await initServer(named)).toMatchObject({ ok: false, rule: 'SOFT-ROOT' })
  expect(await init(token!.slot)).toMatchObject({ ok: true })
  expect((await readSettings(state)).token.serial).toBe(token!.serial)

  vi.stubEnv('HSM_LIBRARY_PATH', library)
  vi.stubEnv('HSM_SLOT', '7')
  expect(chosenToken({})).toEqual({ library, slot: '7' })
  vi.stubEnv('HSM_TOKEN_URI', 'pkcs11:serial=1')
  expect(chosenToken({})).toEqual({ uri: 'pkcs11:serial=1' })
  vi.unstubAllEnvs()
})

test('HSM_ENV, HSM_INIT_STRING a library that init knows of the environment alone starts as settings keep it; HSM_LIBRARY_SHA256 pins its file at init and at every start', async () => {
  const folder = await temporaryFolder()
  const before = await makeServerState(folder, 'rehearsal')
  const { library, environment } = softTokenEnvironment(before.softToken)
  const state = stateFolder(join(folder, 'another'))
  vi.stubEnv('HSM_LIBRARY_PATH', library)
  vi.stubEnv('HSM_ENV', `SOFTHSM2_CONF=${environment.SOFTHSM2_CONF};TPM2_PKCS11_STORE=/var/lib/tpm`)
  vi.stubEnv('HSM_INIT_STRING', 'configdir=/x')
  const started = libraryStart({ env: [] })
  expect(started).toEqual({
    env: { SOFTHSM2_CONF: environment.SOFTHSM2_CONF, TPM2_PKCS11_STORE: '/var/lib/tpm' },
    initString: 'configdir=/x',
  })
  expect(libraryStart({ env: ['A=b'], initString: '' })).toEqual({ env: { A: 'b' }, initString: '' })
  for (const wrong of ['LD_PRELOAD=/x', 'NAME', '=value']) {
    vi.stubEnv('HSM_ENV', wrong)
    expect([wrong, libraryStart({ env: [] })]).toEqual([wrong, null])
  }
  const pinFile = await pinFileOf(before)
  const env = started?.env ?? {}
  const init = () => initServer({ state, domain: 'rehearsal', pinFile, token: { library, slot: null, env } })
  vi.stubEnv('HSM_LIBRARY_SHA256', 'ab'.repeat(32))
  await expect(init()).rejects.toMatchObject({ code: 'HSM-LIBRARY-CHANGED' })
  vi.stubEnv('HSM_LIBRARY_SHA256', preflightLibrary(library).sha256)
  expect(await init()).toMatchObject({ ok: true })
  const settings = await readSettings(state)
  expect(settings.token.environment).toEqual(env)
  expect(settings.token.librarySha256).toBe(preflightLibrary(library).sha256)
  vi.stubEnv('HSM_LIBRARY_SHA256', undefined)
  const other = { ...settings, token: { ...settings.token, librarySha256: 'ab'.repeat(32) } }
  await expect(openServerToken(other, state)).rejects.toMatchObject({ code: 'HSM-LIBRARY-CHANGED' })
  vi.stubEnv('HSM_LIBRARY_SHA256', preflightLibrary(library).sha256)
  const opened = await openServerToken(settings, state)
  expect(opened.sealed).toBe(null)
  await opened.close()
  vi.stubEnv('HSM_LIBRARY_SHA256', 'cd'.repeat(32))
  await expect(openServerToken(settings, state)).rejects.toMatchObject({ code: 'HSM-LIBRARY-CHANGED' })
  vi.stubEnv('HSM_LIBRARY_SHA256', 'no digest')
  await expect(openServerToken(settings, state)).rejects.toMatchObject({ code: 'ENVIRONMENT-VARIABLE' })
  vi.unstubAllEnvs()
})
