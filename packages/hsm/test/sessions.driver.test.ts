import { createPublicKey, verify } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type KeyRef,
  rootTemplate,
  sealingTemplate,
  signingTemplate,
  startHsm,
  type Token,
} from '../src/index.ts'
import { type FaultBench, startFaultBench } from './faults/fault-bench.ts'
import { newId, refusal, soPin, userPin, utf8 } from './soft-token-bench.ts'

describe('sessions that are lost, and several at once', () => {
  let bench: FaultBench
  let token: Token
  let key: KeyRef
  let spki: Uint8Array
  const begin = async (keepPin: boolean, options = {}) => {
    bench = await startFaultBench({ callTimeoutMs: 3000, ...options })
    token = await bench.newToken('sessions')
    await token.logIn({ user: 'user', pin: userPin(), keepPin })
    const pair = await token.generateKeyPair({
      id: newId(),
      label: 'k',
      kind: 'p-256',
      template: signingTemplate,
    })
    key = pair.privateKey
    spki = pair.spki
  }
  beforeEach(() => begin(true))
  afterEach(() => bench.close())

  const sign = (pin?: Uint8Array) =>
    token.sign({
      key,
      mechanism: { kind: 'ecdsa', hash: 'sha256' },
      input: { message: utf8('m') },
      ...(pin ? { pin } : {}),
    })
  const right = (signature: Uint8Array) =>
    verify(
      'sha256',
      utf8('m'),
      {
        key: createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }),
        dsaEncoding: 'ieee-p1363',
      },
      signature,
    )

  it('with a kept PIN the session is opened again, handles are found again, and the work is done', async () => {
    await sign()
    const logins = bench.count('C_Login')
    bench.next('C_SignInit', 'session-lost')
    expect(right((await sign()).signature)).toBe(true)
    expect(bench.count('C_Login')).toBe(logins + 1)
    expect((await token.info()).loggedIn).toBe('user')
  })

  it('several calls that fail of one lost session renew it once', async () => {
    await sign()
    const logins = bench.count('C_Login')
    bench.next('C_SignInit', 'session-lost')
    const made = await Promise.all([sign(), sign(), sign(), sign(), sign(), sign()])
    expect(made.every(({ signature }) => right(signature))).toBe(true)
    expect(bench.count('C_Login')).toBe(logins + 1)
  })

  it('USER_NOT_LOGGED_IN while we are logged in is a lost session, too', async () => {
    bench.next('C_SignInit', 'CKR_USER_NOT_LOGGED_IN')
    expect(right((await sign()).signature)).toBe(true)
  })

  it('what makes keys is not repeated: it says so, and the session is there again', async () => {
    bench.next('C_GenerateKey', 'session-lost')
    const id = newId()
    const make = () => token.generateAes({ id, label: 'x', bits: 256, template: rootTemplate })
    expect(await refusal(make())).toBe('HSM-SESSION-LOST')
    expect(await token.findById(id)).toEqual([])
    expect((await make()).ref.id).toBe(id)
  })

  it('keys of the lost session are gone, and that is what is said', async () => {
    const { ref } = await token.generateAes({ id: newId(), label: 's', bits: 256, template: sealingTemplate })
    bench.next('C_EncryptInit', 'session-lost')
    const sealed = token.encryptGcm({
      key: ref,
      nonce: new Uint8Array(12),
      aad: new Uint8Array(0),
      plaintext: utf8('x'),
    })
    expect(await refusal(sealed)).toBe('HSM-KEY-ABSENT')
  })

  it('without a kept PIN a lost session is HSM-SESSION-LOST and the person logs in again', async () => {
    await bench.close()
    await begin(false)
    bench.next('C_SignInit', 'session-lost')
    expect(await refusal(sign())).toBe('HSM-SESSION-LOST')
    expect(await refusal(sign())).toBe('HSM-NOT-LOGGED-IN')
    await token.logIn({ user: 'user', pin: userPin() })
    expect(right((await sign()).signature)).toBe(true)
  })

  it('a kept PIN that is refused meanwhile is sent once and wiped', async () => {
    await sign()
    const logins = bench.count('C_Login')
    bench.plan(
      `C_SignInit@${bench.count('C_SignInit') + 1}=session-lost`,
      `C_Login@${logins + 1}-=CKR_PIN_INCORRECT`,
    )
    expect(await refusal(sign())).toBe('HSM-PIN-WRONG')
    expect(await refusal(sign())).toBe('HSM-NOT-LOGGED-IN')
    expect(await refusal(sign())).toBe('HSM-NOT-LOGGED-IN')
    expect(bench.count('C_Login')).toBe(logins + 1)
  })

  it('logging out wipes the kept PIN', async () => {
    await token.logOut()
    const logins = bench.count('C_Login')
    bench.next('C_FindObjectsInit', 'session-lost')
    expect(await refusal(sign())).toBe('HSM-NOT-LOGGED-IN')
    expect((await token.inventory()).loggedIn).toBe(null)
    expect(bench.count('C_Login')).toBe(logins)
  })

  it.each([
    ['CKR_FUNCTION_FAILED', 'HSM-DEVICE-ERROR'],
    ['CKR_DEVICE_ERROR', 'HSM-DEVICE-ERROR'],
    ['CKR_USER_NOT_LOGGED_IN', 'no error'],
  ])(
    'a token that answers %s to the log-out is told as %s, and has nobody logged in',
    async (answer, code) => {
      const made = { id: newId(), label: 's', bits: 256, template: sealingTemplate } as const
      await token.generateAes(made)
      bench.next('C_Logout', answer)
      expect(await refusal(token.logOut())).toBe(code)
      expect((await token.info()).loggedIn).toBe(null)
      // Private objects are seen by whoever is logged in.
      expect(await token.findById(made.id)).toEqual([])
      expect(await refusal(token.logOut())).toBe('no error')
      // SoftHSM refuses the officer while the user is logged in.
      expect(await refusal(token.logIn({ user: 'so', pin: soPin() }))).toBe('no error')
    },
  )

  it('a handle that the token no longer knows is found again by its id', async () => {
    await sign()
    bench.next('C_SignInit', 'CKR_KEY_HANDLE_INVALID')
    expect(right((await sign()).signature)).toBe(true)
  })

  it('a PIN for one use is not used twice', async () => {
    const logins = bench.count('C_Login')
    bench.next('C_SignInit', 'CKR_KEY_HANDLE_INVALID')
    expect(await refusal(sign(userPin()))).toBe('HSM-KEY-ABSENT')
    expect(bench.count('C_Login')).toBe(logins)
  })

  it('slow calls run side by side, each on a session of its own; what changes the token waits for them', async () => {
    await bench.close()
    // No deadline strikes while the calls are held.
    await begin(true, { callTimeoutMs: 120_000 })
    bench.plan('C_Sign@*=slow:250')
    await sign()
    await sign()
    const entered = bench.count('C_Sign')
    const keys = bench.count('C_GenerateKey')
    bench.plan('C_Sign@*=hold')
    const order: string[] = []
    const signed = Array.from({ length: 4 }, () =>
      sign().then(({ signature }) => void order.push(right(signature) ? 's' : '?')),
    )
    const made = token
      .generateAes({ id: newId(), label: 'x', bits: 256, template: rootTemplate })
      .then(() => void order.push('made'))
    // All four are inside the library before any of them is let go.
    await expect.poll(() => bench.count('C_Sign') - entered, { timeout: 60_000 }).toBe(4)
    expect([order, bench.count('C_GenerateKey') - keys]).toEqual([[], 0])
    bench.plan()
    await Promise.all([...signed, made])
    expect(order).toEqual(['s', 's', 's', 's', 'made'])
  })

  it('of four calls at once the one that hangs is HSM-TIMEOUT, and those that were done are done', async () => {
    bench.plan('C_Sign@*=slow:50')
    await sign()
    await sign()
    bench.plan(`C_Sign@${bench.count('C_Sign') + 1}=hang`, 'C_Sign@*=slow:50')
    const codes = await Promise.all([refusal(sign()), refusal(sign()), refusal(sign())])
    expect(codes.filter((code) => code === 'HSM-TIMEOUT').length).toBe(1)
    expect(codes.filter((code) => code === 'no error').length).toBe(2)
  })

  it('a session that is lost while others are at work takes the whole login, once theirs are back', async () => {
    await bench.close()
    await begin(false)
    bench.plan('C_Sign@*=slow:200')
    await sign()
    await sign()
    const next = bench.count('C_Sign') + 1
    bench.plan(`C_Sign@${next}=CKR_SESSION_HANDLE_INVALID`, 'C_Sign@*=slow:200')
    const codes = await Promise.all([refusal(sign()), refusal(sign()), refusal(sign())])
    expect(codes.sort()).toEqual(['HSM-SESSION-LOST', 'no error', 'no error'])
    bench.plan()
    expect(await refusal(sign())).toBe('HSM-NOT-LOGGED-IN')
    await token.logIn({ user: 'user', pin: userPin() })
    expect(right((await sign()).signature)).toBe(true)
  })

  it('a token that allows one session only does all its work on that one', async () => {
    await bench.close()
    bench = await startFaultBench()
    token = await bench.newToken('one')
    bench.plan(`C_OpenSession@${bench.count('C_OpenSession') + 2}-=CKR_SESSION_COUNT`)
    await token.logIn({ user: 'user', pin: userPin() })
    const pair = await token.generateKeyPair({
      id: newId(),
      label: 'k',
      kind: 'p-256',
      template: signingTemplate,
    })
    key = pair.privateKey
    spki = pair.spki
    const made = await Promise.all([sign(), sign(), sign()])
    expect(made.every(({ signature }) => right(signature))).toBe(true)
  })

  it('an operation that a failure left open spoils nothing after it', async () => {
    bench.next('C_Sign', 'CKR_BUFFER_TOO_SMALL')
    expect(await refusal(sign())).toBe('HSM-CALL-INVALID')
    expect(right((await sign()).signature)).toBe(true)
  })

  it.each([0, 17, 1.5])('%s sessions are misuse', async (sessions) => {
    await expect(
      startHsm({ library: bench.library, environment: bench.environment, sessions }),
    ).rejects.toThrow(RangeError)
  })
})
