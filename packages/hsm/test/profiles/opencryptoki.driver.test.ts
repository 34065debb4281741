import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type Hsm,
  HsmError,
  type ProbeReport,
  rootTemplate,
  signingTemplate,
  startHsm,
  type Token,
} from '../../src/index.ts'
import { newId, refusal, utf8 } from '../soft-token-bench.ts'
import { asTriaged, readTriage } from '../wycheproof-triage.ts'
import { startOpenCryptoki } from './opencryptoki.ts'
import type { RealToken } from './real-token.ts'
import { wycheproofOn } from './wycheproof-on-token.ts'

// A soft token draws primes with the same two cores as everybody else.
vi.setConfig({ testTimeout: 60_000 })

const soPin = () => utf8('11223344')
const userPin = () => utf8('55556666')

describe('openCryptoki’s soft token', () => {
  let real: RealToken
  let hsm: Hsm
  let token: Token
  beforeAll(async () => {
    real = await startOpenCryptoki()
    hsm = await startHsm({ ...real })
    const info = await hsm.token('new').initialise({ label: 'second', soPin: soPin(), userPin: userPin() })
    token = hsm.token(info.serial)
  }, 150_000)
  afterAll(async () => {
    await hsm?.close()
    real?.stop()
  })

  it('is found by its profile, and initialising replaces both factory PINs', async () => {
    expect(await token.info()).toMatchObject({
      profile: 'opencryptoki',
      label: 'second',
      initialised: true,
      pin: { user: 'ok', so: 'ok' },
    })
  })

  it('does Wycheproof’s HMAC and both OAEP files without a difference, and the rest as triaged', async () => {
    const found = await wycheproofOn(real, { serial: token.serial, pin: userPin() })
    for (const file of ['HMAC-SHA-256', 'RSA-OAEP SHA-1', 'RSA-OAEP SHA-256']) expect(found[file]).toEqual([])
    const judged = asTriaged(readTriage('opencryptoki'), hsm.library.version, found)
    expect(judged.found).toEqual(judged.expected)
  })

  it('there is one slot, and it is taken', async () => {
    const made = hsm.token('new').initialise({ label: 'x', soPin: soPin(), userPin: userPin() })
    expect(await refusal(made)).toBe('HSM-FREE-SLOT-MISSING')
  })

  it('a token in use is not erased, because nobody could open it afterwards', async () => {
    const again = token.initialise({ label: 'again', soPin: soPin(), userPin: userPin() })
    expect(await refusal(again)).toBe('HSM-FUNCTION-MISSING')
    expect((await token.info()).label).toBe('second')
  })

  it('PINs of another length are refused before the token sees them: no try is spent', async () => {
    for (const user of ['user', 'so'] as const)
      for (const pin of ['123', '123456789'])
        expect(await refusal(token.logIn({ user, pin: utf8(pin) }))).toBe('HSM-PIN-INVALID')
    expect(await token.pinState()).toEqual({ user: 'ok', so: 'ok' })
  })

  describe('PIN states, which this token really has', () => {
    const wrong = () => token.logIn({ user: 'user', pin: utf8('00000000') })

    it('a wrong PIN is sent once: low, then final, and the last try needs an explicit yes', async () => {
      expect(await refusal(wrong())).toBe('HSM-PIN-WRONG')
      expect((await token.pinState()).user).toBe('low')
      expect(await refusal(wrong())).toBe('HSM-PIN-WRONG')
      expect((await token.pinState()).user).toBe('final')
      expect(await refusal(wrong())).toBe('HSM-PIN-FINAL-TRY')
      expect((await token.pinState()).user).toBe('final')
    })

    it('the right PIN on the last try opens it and sets the count back', async () => {
      const report = await token.logIn({ user: 'user', pin: userPin(), acceptFinalTry: true })
      expect(report).toMatchObject({ user: 'ok', before: 'final' })
      await token.logOut()
    })

    it('a wrong last try locks; the right PIN is then not even sent, and the security officer gives a new one', async () => {
      await refusal(wrong())
      await refusal(wrong())
      const last = token.logIn({ user: 'user', pin: utf8('00000000'), acceptFinalTry: true })
      expect(await refusal(last)).toBe('HSM-PIN-WRONG')
      expect((await token.pinState()).user).toBe('locked')
      expect(await refusal(token.logIn({ user: 'user', pin: userPin() }))).toBe('HSM-PIN-LOCKED')
      await token.logIn({ user: 'so', pin: soPin() })
      await token.resetUserPin({ newPin: userPin() })
      await token.logOut()
      expect((await token.pinState()).user).toBe('ok')
    })
  })

  describe('logged in', () => {
    beforeAll(async () => {
      await token.logIn({ user: 'user', pin: userPin() })
    })

    it('makes an RSA pair, reports what it does not take, signs, verifies, and refuses a second of that id', async () => {
      const id = newId()
      const options = { id, label: 'sign', kind: 'rsa-2048', template: signingTemplate } as const
      const made = await token.generateKeyPair(options)
      const left = made.attributes.filter(({ lacking }) => lacking).map(({ attribute }) => attribute)
      expect(
        made.attributes.filter(({ ok, lacking, expected }) => !ok && !lacking && expected !== null),
      ).toEqual([])
      const { interfaceVersion } = hsm.library
      if (interfaceVersion === '2.20') expect(left).toEqual(['WRAP_WITH_TRUSTED', 'COPYABLE'])
      const mechanism = { kind: 'rsa-pss', hash: 'sha256' } as const
      const input = { message: utf8('a message') }
      const { signature } = await token.sign({ key: made.privateKey, mechanism, input })
      expect(await token.verify({ key: made.publicKey, mechanism, input, signature })).toBe(true)
      const other = { message: utf8('b message') }
      expect(await token.verify({ key: made.publicKey, mechanism, input: other, signature })).toBe(false)
      expect(await refusal(token.generateKeyPair(options))).toBe('HSM-DUPLICATE-ID')
      await token.destroy(made.privateKey)
      await token.destroy(made.publicKey)
    })

    it('makes no root: it has neither KW nor KWP, and says so before anything is made', async () => {
      const made = token.generateAes({ id: newId(), label: 'root', bits: 256, template: rootTemplate })
      expect(await refusal(made)).toBe('HSM-MECHANISM-MISSING')
      expect((await token.inventory()).objects).toEqual([])
    })

    describe('attack probe', () => {
      let report: ProbeReport
      beforeAll(async () => {
        report = await token.probe()
      })
      const outcomes = (template: string) =>
        Object.fromEntries(
          report.attacks.filter((a) => a.template === template).map(({ name, outcome }) => [name, outcome]),
        )

      it('AES-CBC with padding gives its known answer, and is not chosen', () => {
        expect(report.knownAnswers.chosen).toBeNull()
        expect(report.knownAnswers.withoutIntegrity?.name).toBe('CKM_AES_CBC_PAD')
        expect(report.passed).toBe(false)
        expect(report.lacking[0]).toBe('a wrap mechanism with a known answer')
      })

      it('the hardened template does not hold: a key unwrapped without a word can be read', () => {
        expect(outcomes('hardened')).toMatchObject({
          'wrap-then-decrypt': 'held',
          'silent-unwrap': 'broken',
          // ALLOWED_MECHANISMS came with a later version.
          'mechanism-confusion': hsm.library.interfaceVersion === '2.20' ? 'broken' : 'held',
          'flip-attributes': 'held',
          'read-back': 'held',
          'read-value': 'held',
          'wrap-the-kek': 'held',
          'use-otherwise': 'held',
          'tampered-blob': 'not-applicable',
        })
      })

      it('the default template gives its children away', () => {
        expect(outcomes('default')).toMatchObject({
          'wrap-then-decrypt': 'broken',
          'silent-unwrap': 'broken',
          'use-otherwise': 'broken',
        })
      })

      it('leaves nothing behind', async () => {
        expect((await token.inventory()).objects).toEqual([])
      })
    })
  })
})

describe('a new openCryptoki token', () => {
  it('does not take the factory’s own SO PIN, and stays as it was', async () => {
    const fresh = await startOpenCryptoki()
    const hsm = await startHsm({ ...fresh })
    const same = { label: 'x', soPin: utf8('87654321'), userPin: userPin() }
    expect(await refusal(hsm.token('new').initialise(same))).toBe('HSM-PIN-INVALID')
    expect((await hsm.tokens())[0]).toMatchObject({ initialised: false })
    expect(await refusal(hsm.token('absent').logIn({ user: 'user', pin: userPin() }))).toBe(
      'HSM-TOKEN-ABSENT',
    )
    await hsm.close()
    fresh.stop()
  }, 150_000)
})

describe('openCryptoki without its daemon', () => {
  it('shows no token: its library does not start, or starts without slots', async () => {
    const real = await startOpenCryptoki()
    real.stop()
    const look = async (): Promise<string> => {
      try {
        const hsm = await startHsm({ library: real.library })
        const tokens = await hsm.tokens()
        await hsm.close()
        return tokens.length === 0 ? 'no token' : 'a token'
      } catch (error) {
        return error instanceof HsmError ? error.code : 'not typed'
      }
    }
    await expect.poll(look, { timeout: 30_000, interval: 500 }).toMatch(/^(no token|HSM-.+)$/)
  }, 150_000)
})
