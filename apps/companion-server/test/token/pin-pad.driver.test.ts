import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startHsm } from '@lux/hsm'
import { afterEach, expect, test } from 'vitest'
import { initServer } from '../../src/commands/init.ts'
import { openServerToken } from '../../src/platform/hsm/server-token.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { readSettings } from '../../src/platform/state-folder/settings.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const place = fileURLToPath(new URL('../../../../packages/hsm/test/pin-pad-place.ts', import.meta.url))

afterEach(() => {
  delete process.env.SOFTHSM2_CONF
})

test('TOKEN-PAD a server whose token has a PIN pad is logged in to there, once a start, and stays sealed when that fails', async () => {
  const folder = await temporaryFolder()
  const node = ['--disable-warning=ExperimentalWarning', place, folder]
  const made: unknown = JSON.parse(execFileSync(process.execPath, node, { encoding: 'utf8' }))
  const { SOFTHSM2_CONF, LUX_PKCS11: library } = made as { SOFTHSM2_CONF: string; LUX_PKCS11: string }
  process.env.SOFTHSM2_CONF = SOFTHSM2_CONF
  const hsm = await startHsm({ library })
  const pads = { soPin: 'pin-pad', userPin: 'pin-pad' } as const
  const { serial } = await hsm.token('new').initialise({ label: 'server', ...pads })
  await hsm.close()
  const entries = () => readFileSync(join(folder, 'pad-entries')).length
  const before = entries()

  const state = stateFolder(join(folder, 'state'))
  const uri = `pkcs11:serial=${serial}?module-path=${library}&pin-source=pin-pad`
  const init = await initServer({ state, domain: 'rehearsal', token: { uri }, pinFile: null })
  expect(init.ok).toBe(true)
  expect(entries()).toBe(before + 1)

  writeFileSync(join(folder, 'pad-act'), 'c')
  const settings = await readSettings(state)
  const token = await openServerToken(settings, state)
  expect(token.sealed).toMatchObject({
    code: 'TOKEN-PAD',
    detail: expect.stringMatching(/HSM-PAD-CANCELLED/),
  })
  writeFileSync(join(folder, 'pad-act'), 'o')
  expect(await token.unseal()).toMatchObject({ code: 'TOKEN-PAD' })
  expect(entries()).toBe(before + 2)
  await token.close()

  const again = await openServerToken(settings, state)
  expect(await again.useToken((opened) => opened.random(4))).toHaveLength(4)
  await again.close()
})
