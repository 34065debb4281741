import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildFaultModule } from '../core/faults/fault-module.ts'
import { custody, custodyJson, secretFile, temporaryFolder } from './support/custody.ts'

let folder: string
let library: string
let token: string[]
let pin: string
let serial: string

const plan = (...rules: string[]) => writeFileSync(`${library}.plan`, rules.join('\n'))
const logins = () => readFileSync(`${library}.log`, 'utf8').match(/^(! )?C_Login /gm)?.length ?? 0

beforeAll(async () => {
  folder = temporaryFolder()
  library = buildFaultModule(join(folder, 'module'))
  token = ['--library', library, '--soft', join(folder, 'token')]
  pin = secretFile(join(folder, 'pin'), '15926374')
  const soPin = secretFile(join(folder, 'so-pin'), '48372615')
  const init = ['token', 'init', ...token, '--label', 'desk', '--so-pin-file', soPin, '--pin-file', pin]
  const { exit, json } = await custodyJson(init)
  expect(exit).toBe(0)
  serial = (json.token as { serial: string }).serial
}, 60_000)
beforeEach(() => plan())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const inventory = (...more: string[]) =>
  custodyJson(['token', 'inventory', ...token, '--pin-file', pin, ...more])

describe('a token that goes wrong under the command line', () => {
  test('a PIN count that is low is warned of and does not stop the work', async () => {
    plan('C_GetTokenInfo@*=flags:USER_PIN_COUNT_LOW')
    const { exit, stderr } = await inventory()
    expect(exit).toBe(0)
    expect(stderr).toContain(`The user PIN of ${serial} before this login: low: a wrong PIN was given`)
  }, 60_000)

  test('the final try is refused, no PIN is sent, and said to be wanted it is made', async () => {
    plan('C_GetTokenInfo@*=flags:USER_PIN_COUNT_LOW|USER_PIN_FINAL_TRY')
    const before = logins()
    const refused = await inventory()
    expect(refused.exit).toBe(3)
    expect(refused.json).toMatchObject({
      code: 'HSM-PIN-FINAL-TRY',
      remedy: expect.stringContaining('--accept-final-try'),
    })
    expect(logins()).toBe(before)
    const wanted = await inventory('--accept-final-try')
    expect(wanted.exit).toBe(0)
    expect(logins()).toBe(before + 1)
  }, 60_000)

  test.each([
    ['a KEK that is made otherwise', ['C_GenerateKey@*=alter:EXTRACTABLE=1'], 'read-back, wrap-the-kek'],
    ['a KEK that others may see', ['C_GenerateKey@*=alter:PRIVATE=0'], 'read-back'],
    [
      'a KEK that leaves and says that it does not',
      ['C_GenerateKey@*=alter:EXTRACTABLE=1', 'C_GetAttributeValue@*=misread:EXTRACTABLE'],
      'wrap-the-kek',
    ],
  ])(
    'PROBE-FAILED %s',
    async (_, rules, attacks) => {
      const probe = () => custodyJson(['token', 'probe', ...token, '--pin-file', pin])
      expect((await probe()).exit).toBe(0)
      plan(...rules)
      const { exit, json } = await probe()
      expect([exit, json.code]).toEqual([1, 'PROBE-FAILED'])
      expect(json.detail).toContain(`these attacks succeeded: ${attacks}`)
    },
    30_000,
  )

  test.each([
    ['a locked PIN', 'C_GetTokenInfo@*=flags:USER_PIN_LOCKED', 'HSM-PIN-LOCKED'],
    ['a PIN that this try locks', 'C_Login@*=flags:USER_PIN_LOCKED', 'HSM-PIN-LOCKED'],
    ['an expired PIN', 'C_Login@*=CKR_PIN_EXPIRED', 'HSM-PIN-EXPIRED'],
    ['a token that is removed', 'C_FindObjectsInit@*=removed', 'HSM-TOKEN-ABSENT'],
    ['a device error', 'C_FindObjectsInit@*=CKR_DEVICE_ERROR', 'HSM-DEVICE-ERROR'],
    ['a session that is lost', 'C_FindObjectsInit@*=session-lost', 'HSM-SESSION-LOST'],
    ['a library that dies', 'C_FindObjectsInit@*=segv', 'HSM-CRASHED'],
    ['a vendor’s own code', 'C_FindObjectsInit@*=0x80000042', 'HSM-UNKNOWN'],
  ])(
    '%s ends the command with its name and what to do',
    async (_, rule, code) => {
      plan(rule)
      const { exit, json, stderr } = await inventory()
      expect([exit, json.code]).toEqual([3, code])
      expect(json.remedy).toMatch(/\w/)
      expect(stderr).not.toContain('    at ')
    },
    20_000,
  )

  test('erasing sends no SO PIN at locked, and the last one only when it is said to be wanted', async () => {
    const erasures = () => readFileSync(`${library}.log`, 'utf8').match(/^(! )?C_InitToken /gm)?.length ?? 0
    const init = ['token', 'init', ...token, '--serial', serial, '--erase', '--label', 'desk']
    const wrong = secretFile(join(folder, 'wrong-so-pin'), '11111111')
    const erase = (...more: string[]) =>
      custodyJson([...init, '--so-pin-file', wrong, '--pin-file', pin, ...more])
    const before = erasures()
    plan('C_GetTokenInfo@*=flags:SO_PIN_LOCKED')
    expect((await erase('--accept-final-try')).json.code).toBe('HSM-PIN-LOCKED')
    plan('C_GetTokenInfo@*=flags:SO_PIN_FINAL_TRY')
    expect((await erase()).json.code).toBe('HSM-PIN-FINAL-TRY')
    expect(erasures()).toBe(before)
    expect((await erase('--accept-final-try')).json.code).toBe('HSM-PIN-WRONG')
    expect(erasures()).toBe(before + 1)
  }, 60_000)

  test('a write-protected token says so', async () => {
    plan('C_GetTokenInfo@*=flags:WRITE_PROTECTED')
    const { stdout } = await custody(['token', 'info', ...token])
    expect(stdout).toContain('write-protected')
  }, 60_000)

  test('bench takes the token by its URI, measures what it does and leaves nothing behind', async () => {
    const uri = `pkcs11:serial=${serial}?module-path=${library}&pin-source=file:${pin}`
    const bench = [
      'token',
      'bench',
      uri,
      '--soft',
      join(folder, 'token'),
      '--seconds',
      '0.05',
      '--in-flight',
      '2',
    ]
    plan('C_SignInit@*=CKR_MECHANISM_INVALID')
    const { exit, json } = await custodyJson(bench)
    expect(exit).toBe(0)
    const works = json.works as { work: string; perSecond?: number; code?: string }[]
    const of = (name: string) => works.find(({ work }) => work === name)
    expect(of('random, 32 bytes')?.perSecond).toBeGreaterThan(1)
    expect(of('AES-256-GCM encrypt, 1 KiB')?.perSecond).toBeGreaterThan(1)
    expect(of('ECDSA P-256 sign')?.code).toMatch(/^HSM-(UNSUPPORTED|KEY-FORBIDDEN)$/)
    expect((await inventory()).json.objects).toEqual([])
    const wrong = await custodyJson([...bench.slice(0, 5), '--seconds', 'soon'])
    expect([wrong.exit, wrong.json.code]).toEqual([2, 'BENCH-OPTION'])
  }, 60_000)
})
