import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { buildFaultModule } from '../core/faults/fault-module.ts'
import { custody, custodyJson, secretFile, temporaryFolder } from './support/custody.ts'

vi.setConfig({ testTimeout: 40_000 })

let folder: string
let library: string
let token: string[]
let serial: string
const plan = (...rules: string[]) => writeFileSync(`${library}.plan`, rules.join('\n'))

beforeAll(async () => {
  folder = temporaryFolder()
  library = buildFaultModule(join(folder, 'module'))
  token = ['--library', library, '--soft', join(folder, 'token')]
  const pins = [
    '--so-pin-file',
    secretFile(join(folder, 'so'), '48372615'),
    '--pin-file',
    secretFile(join(folder, 'pin'), '15926374'),
  ]
  const { json } = await custodyJson(['token', 'init', ...token, '--label', 'desk', ...pins])
  serial = (json.token as { serial: string }).serial
}, 60_000)
afterEach(() => plan())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a token that cannot be looked at is not called none', () => {
  test.each([
    ['CKR_DEVICE_ERROR', 'HSM-DEVICE-ERROR'],
    ['CKR_TOKEN_NOT_RECOGNIZED', 'HSM-TOKEN-DAMAGED'],
    ['CKR_GENERAL_ERROR', 'HSM-DEVICE-ERROR'],
    ['0x80000042', 'HSM-UNKNOWN'],
  ])('%s is listed by its slot as %s, and info says the same', async (fault, code) => {
    plan(`C_GetTokenInfo@*=${fault}`)
    const { exit, json } = await custodyJson(['token', 'list', ...token])
    expect([exit, json.ok, json.code, json.tokens]).toEqual([3, false, code, []])
    expect(json.unreadable).toContainEqual(
      expect.objectContaining({ slot: expect.stringMatching(/^\d+$/), code, detail: expect.any(String) }),
    )
    const text = await custody(['token', 'list', ...token])
    expect(text.exit).toBe(3)
    expect(text.stdout).toMatch(new RegExp(`^slot-\\d+ .*CANNOT BE READ.*${code}`, 'm'))
    expect(text.stdout).not.toContain('no token')
    for (const named of [[], ['--serial', serial]]) {
      const info = await custodyJson(['token', 'info', ...token, ...named])
      expect([info.exit, info.json.code]).toEqual([3, code])
    }
  })

  test('the ones that can be read are listed beside it', async () => {
    plan('C_GetTokenInfo@2=CKR_DEVICE_ERROR')
    rmSync(`${library}.counts`, { force: true })
    const { exit, json } = await custodyJson(['token', 'list', ...token])
    expect([exit, (json.tokens as unknown[]).length, (json.unreadable as unknown[]).length]).toEqual([
      3, 1, 1,
    ])
  })
})
