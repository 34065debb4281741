import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@lux/crypto'
import { softTokenEnvironment, startHsm, type Token } from '@lux/hsm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PinBox } from '../../../../src/core/runs/effects/token/pin-box.ts'
import { asSecurityOfficer } from '../../../../src/core/runs/effects/token/token-login.ts'

const [soPin, userPin, wrong] = ['73910284', '51827364', '00000000']

describe('a step that the security officer does between two of the user', () => {
  let dir: string
  let hsm: Awaited<ReturnType<typeof startHsm>>
  let token: Token
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'as-officer-'))
    const { library, environment } = softTokenEnvironment(dir)
    hsm = await startHsm({ library, environment })
    const pins = { soPin: utf8(soPin), userPin: utf8(userPin) }
    token = hsm.token((await hsm.token('new').initialise({ label: 'desk', ...pins })).serial)
    await token.logIn({ user: 'user', pin: utf8(userPin) })
  })
  afterEach(async () => {
    await hsm.close()
    rmSync(dir, { recursive: true, force: true })
  })

  const work = async (typed: { so: string; user: string }) => {
    const pins = new PinBox()
    pins.put('home', 'so', utf8(typed.so))
    pins.put('home', 'user', utf8(typed.user))
    const run = { pins, hsm, progress: () => {}, signal: new AbortController().signal }
    await asSecurityOfficer(token, 'home', run, async () => undefined)
  }

  test('HSM-PIN-WRONG a refused SO PIN is told, and the user is logged in again', async () => {
    await expect(work({ so: wrong, user: userPin })).rejects.toMatchObject({
      code: 'HSM-PIN-WRONG',
      detail: expect.not.stringContaining('the user’s own log-in'),
    })
    expect((await token.info()).loggedIn).toBe('user')
  })

  test('HSM-PIN-WRONG where the user’s PIN is refused after it, that is told too: it spent a try', async () => {
    await expect(work({ so: wrong, user: wrong })).rejects.toMatchObject({
      code: 'HSM-PIN-WRONG',
      detail: expect.stringContaining('the user’s own log-in after it failed too: HSM-PIN-WRONG'),
    })
    expect((await token.info()).loggedIn).toBe(null)
  })
})
