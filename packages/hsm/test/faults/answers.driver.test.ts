import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HsmError, rootTemplate, signingTemplate, type Token } from '../../src/index.ts'
import { ckrTable } from '../../src/pkcs11/library/codes.ts'
import { newId, refusal, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

const digest = new Uint8Array(32).fill(3)
const thrown = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

describe('what a token can answer', () => {
  let bench: FaultBench
  let token: Token
  const key = { id: newId(), class: 'private' } as const
  beforeAll(async () => {
    bench = await startFaultBench()
    token = await bench.loggedIn('answers')
    await token.generateKeyPair({ id: key.id, label: 'k', kind: 'p-256', template: signingTemplate })
  })
  afterAll(() => bench.close())
  const sign = () => token.signEcdsa({ key, digest })
  const logInAgain = async () => {
    if ((await token.info()).loggedIn !== null) await token.logOut().catch(() => undefined)
    await token.logIn({ user: 'user', pin: userPin() })
  }

  beforeEach(async () => {
    bench.plan()
    await logInAgain()
  })

  it('each code of the standard is an error with its name and number; the token works after it', async () => {
    for (const { name, number } of ckrTable.values()) {
      // Every time: what may be a stale handle or a session left half-way is tried once more by the driver.
      bench.plan(`C_Sign@*=0x${number.toString(16)}`)
      const error = await thrown(sign())
      expect([name, error]).toEqual([name, expect.any(HsmError)])
      const { code, ckr } = error as HsmError
      expect([name, code]).toEqual([name, expect.stringMatching(/^HSM-[A-Z-]+$/)])
      expect([name, ckr?.number ?? number]).toEqual([name, number])
      bench.plan()
      if (['HSM-SESSION-LOST', 'HSM-NOT-LOGGED-IN', 'HSM-TOKEN-ABSENT'].includes(code)) await logInAgain()
      expect([name, (await sign()).length]).toEqual([name, 64])
    }
    expect(bench.hsm.generation).toBe(1)
  }, 60_000)

  it.each([
    ['a vendor’s own', 0x8000_0001],
    ['an unknown', 0x0bad],
    ['the largest', 0xffff_ffff],
  ])('%s code is kept as its number', async (_, number) => {
    bench.next('C_Sign', `0x${number.toString(16)}`)
    const error = await thrown(sign())
    expect(error).toMatchObject({ code: 'HSM-UNKNOWN', ckr: { number } })
    bench.plan()
    expect((await sign()).length).toBe(64)
  })

  it.each([
    ['C_Sign', sign],
    ['C_GetAttributeValue', () => token.readAttributes(key)],
    [
      'C_GenerateKey',
      () => token.generateAes({ id: newId(), label: 'x', bits: 256, template: rootTemplate }),
    ],
  ])(
    'a token that is removed during %s is absent until it is back, and then wants a login',
    async (name, use) => {
      bench.next(name, 'removed')
      expect(await refusal(use())).toBe('HSM-TOKEN-ABSENT')
      expect(await refusal(use())).toBe('HSM-TOKEN-ABSENT')
      expect((await bench.hsm.tokens()).filter(({ serial }) => serial === token.serial)).toEqual([])
      bench.plan()
      expect(
        await refusal(token.generateAes({ id: newId(), label: 'x', bits: 256, template: rootTemplate })),
      ).toBe('HSM-NOT-LOGGED-IN')
      await logInAgain()
      expect((await sign()).length).toBe(64)
    },
  )

  it('a session that the token really closed is HSM-SESSION-LOST, and a login opens another', async () => {
    bench.next('C_Sign', 'session-lost')
    expect(await refusal(sign())).toBe('HSM-SESSION-LOST')
    bench.plan()
    await logInAgain()
    expect((await sign()).length).toBe(64)
  })

  it('a write-protected token says so before and when something is to be written', async () => {
    bench.plan('C_GetTokenInfo@*=flags:WRITE_PROTECTED', 'C_GenerateKey@*=CKR_TOKEN_WRITE_PROTECTED')
    expect((await token.info()).writeProtected).toBe(true)
    const made = token.generateAes({ id: newId(), label: 'x', bits: 256, template: rootTemplate })
    expect(await thrown(made)).toMatchObject({
      code: 'HSM-READ-ONLY',
      ckr: { name: 'CKR_TOKEN_WRITE_PROTECTED' },
    })
  })

  it('a token that gives no read-write session is read all the same, and written to once its protection is lifted', async () => {
    const make = () => token.generateAes({ id: newId(), label: 'x', bits: 256, template: rootTemplate })
    await token.logOut()
    bench.plan('C_GetTokenInfo@*=flags:WRITE_PROTECTED')
    await token.logIn({ user: 'user', pin: userPin() })
    expect((await token.inventory()).objects.map(({ id }) => id)).toContain(key.id)
    expect((await sign()).length).toBe(64)
    expect(await thrown(make())).toMatchObject({
      code: 'HSM-READ-ONLY',
    })
    bench.plan()
    await token.logOut()
    await token.inventory()
    await token.logIn({ user: 'user', pin: userPin() })
    await make()
  })

  it('an attack that a fault kept from being tried is not counted as held', async () => {
    for (const name of ['C_CopyObject', 'C_SetAttributeValue', 'C_UnwrapKey', 'C_WrapKey']) {
      bench.next(name, 'CKR_DEVICE_MEMORY')
      expect([name, await refusal(token.probe())]).toEqual([name, 'HSM-TOKEN-FULL'])
    }
    bench.plan()
    expect((await token.probe()).passed).toBe(true)
  })

  it('an attribute that cannot be read back for a fault is no attribute that differs', async () => {
    const make = (id: string) => token.generateAes({ id, label: 'unread', bits: 256, template: rootTemplate })
    await token.chooseWrapMechanism()
    const id = newId()
    bench.next('C_GetAttributeValue', 'CKR_DEVICE_ERROR')
    expect(await refusal(make(id))).toBe('HSM-DEVICE-ERROR')
    bench.plan()
    expect(await token.findById(id)).toEqual([])
    await make(id)
  })

  it('a wrapped key or a signature that was cut off is an error, not a key that is lost', async () => {
    const kek = newId()
    await token.generateAes({ id: kek, label: 'kek', bits: 256, template: rootTemplate })
    await token.chooseWrapMechanism()
    for (const algorithm of ['aes-256', 'p-256'] as const) {
      bench.next('C_WrapKey', 'truncate')
      const made = token.generateWrapped({ parent: { id: kek }, algorithm })
      expect([algorithm, await refusal(made)]).toEqual([algorithm, 'HSM-DEVICE-ERROR'])
    }
    bench.next('C_Sign', 'truncate')
    expect(await refusal(sign())).toBe('HSM-DEVICE-ERROR')
  })
})
