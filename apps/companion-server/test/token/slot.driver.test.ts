import { join } from 'node:path'
import { softTokenEnvironment, startHsm } from '@lux/hsm'
import { expect, test, vi } from 'vitest'
import { chosenToken, initServer } from '../../src/commands/init.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { readSettings } from '../../src/platform/state-folder/settings.ts'
import { makeServerState, pinFileOf } from '../support/server-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('TOKEN-SLOT init takes the token of HSM_LIBRARY_PATH in HSM_SLOT, and keeps its serial', async () => {
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
  expect(await init(token!.slot)).toMatchObject({ ok: true })
  expect((await readSettings(state)).token.serial).toBe(token!.serial)

  vi.stubEnv('HSM_LIBRARY_PATH', library)
  vi.stubEnv('HSM_SLOT', '7')
  expect(chosenToken({})).toEqual({ library, slot: '7' })
  vi.stubEnv('HSM_TOKEN_URI', 'pkcs11:serial=1')
  expect(chosenToken({})).toEqual({ uri: 'pkcs11:serial=1' })
  vi.unstubAllEnvs()
})
