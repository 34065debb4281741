import { chmod, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { tokenNamed } from '../../src/commands/init.ts'
import { openServerToken } from '../../src/platform/hsm/server-token.ts'
import { readSettings } from '../../src/platform/state-folder/settings.ts'
import { openServer } from '../../src/server.ts'
import { buildFaultModule, calls, planFaults } from '../support/fault-module.ts'
import { changePinFile, makeServerState, pinFileOf } from '../support/server-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('TOKEN-PIN a refused PIN is sent once, never again after a restart, and the server runs sealed meanwhile', async () => {
  const state = await makeServerState(await temporaryFolder())
  const settings = await readSettings(state)
  const good = await changePinFile(state, '99999999\n')

  const first = await openServer(state, false)
  try {
    const ready = await first.app.inject({ method: 'GET', url: '/readiness' })
    expect([ready.statusCode, ready.json().code]).toEqual([503, 'TOKEN-PIN'])
    expect((await first.app.inject({ method: 'GET', url: '/health' })).statusCode).toBe(200)
    await expect(first.services.token.useToken((token) => token.random(1))).rejects.toMatchObject({
      code: 'TOKEN-PIN',
    })
    expect(await first.services.token.unseal()).toMatchObject({ code: 'TOKEN-PIN' })
  } finally {
    await first.app.close()
  }
  const record = await readFile(state.refusedPin, 'utf8')
  expect(record).not.toContain('99999999')

  // Were the wrong PIN sent again, the record of it would have a new salt.
  const second = await openServerToken(settings, state)
  expect(second.sealed).toMatchObject({ code: 'TOKEN-PIN' })
  expect(await readFile(state.refusedPin, 'utf8')).toBe(record)
  await changePinFile(state, good)
  expect(await second.unseal()).toBeNull()
  expect(await second.useToken((token) => token.random(4))).toHaveLength(4)
  await second.close()
})

test('FILE-NOT-PRIVATE a PIN file that others can read is not used', async () => {
  const state = await makeServerState(await temporaryFolder())
  const settings = await readSettings(state)
  await chmod(await pinFileOf(state), 0o644)
  const token = await openServerToken(settings, state)
  expect(token.sealed).toMatchObject({ code: 'FILE-NOT-PRIVATE' })
  await token.close()
})

test('TOKEN-URI a token is named by serial and library, and never carries its PIN', () => {
  expect(
    tokenNamed('pkcs11:serial=0a1b;token=My%20Token?module-path=/usr/lib/x.so&pin-source=file:/etc/pin'),
  ).toEqual({
    ok: true,
    value: { serial: '0a1b', library: '/usr/lib/x.so', pin: { file: '/etc/pin' } },
  })
  for (const wrong of [
    'serial=1',
    'pkcs11:serial=1',
    'pkcs11:serial=1;serial=2?module-path=/x',
    'pkcs11:serial=%ZZ?module-path=/x',
    'pkcs11:serial=1?module-path=/x&pin-value=1234',
    // Each was ignored once, or taken for something else.
    'pkcs11:serial=1?module-path=x',
    'pkcs11:serial=1;object=y?module-path=/x',
    'pkcs11:serial=1?module-path=/x#y',
    'pkcs11:serial=1?module-path=/x&pin-source=/etc/pin',
  ]) {
    expect(tokenNamed(wrong)).toMatchObject({ ok: false, rule: 'TOKEN-URI' })
  }
})

test.each(['USER_PIN_FINAL_TRY', 'USER_PIN_LOCKED'])(
  'TOKEN-PIN a PIN that was not sent because of %s was not refused: it is sent once the token takes one again',
  async (flag) => {
    const folder = await temporaryFolder()
    const state = await makeServerState(folder)
    const settings = await readSettings(state)
    const library = buildFaultModule(folder)
    planFaults(library, `C_GetTokenInfo@*=flags:${flag}`)
    const token = await openServerToken({ ...settings, token: { ...settings.token, library } }, state)
    try {
      expect(token.sealed).toMatchObject({ code: 'TOKEN-PIN' })
      expect(token.sealed?.detail).not.toContain('refused')
      expect(await token.unseal()).toMatchObject({ code: 'TOKEN-PIN', detail: token.sealed?.detail })
      expect(calls(library, 'C_Login')).toBe(0)
      planFaults(library)
      expect(await token.unseal()).toBeNull()
      expect(calls(library, 'C_Login')).toBe(1)
    } finally {
      await token.close()
    }
  },
)
