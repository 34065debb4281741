import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Hsm, rootTemplate, signingTemplate, startHsm, type Token } from '../../src/index.ts'
import { newId, refusal, utf8 } from '../soft-token-bench.ts'
import { asTriaged, readTriage } from '../wycheproof-triage.ts'
import type { RealToken } from './real-token.ts'
import { startSwtpm } from './swtpm.ts'
import { wycheproofOn } from './wycheproof-on-token.ts'

// A soft token draws primes with the same two cores as everybody else.
vi.setConfig({ testTimeout: 60_000 })

const soPin = () => utf8('so-pin-of-the-tpm')
const userPin = () => utf8('user-pin-of-the-tpm')

describe('tpm2-pkcs11 on a software TPM', () => {
  let real: RealToken
  let hsm: Hsm
  let token: Token
  beforeAll(async () => {
    real = await startSwtpm()
    hsm = await startHsm({ ...real })
    const info = await hsm.token('new').initialise({ label: 'officer', soPin: soPin(), userPin: userPin() })
    token = hsm.token(info.serial)
    await token.logIn({ user: 'user', pin: userPin() })
  }, 150_000)
  afterAll(async () => {
    await hsm?.close()
    real?.stop()
  })

  it('is told by its profile, and named by its slot: its serial number is zeros', async () => {
    expect(await token.info()).toMatchObject({
      profile: 'swtpm',
      serial: 'slot-1',
      label: 'officer',
      pin: { user: 'ok', so: 'ok' },
    })
  })

  it('a second token, which could not be told from the first, and erasing are refused', async () => {
    const options = () => ({ label: 'two', soPin: soPin(), userPin: userPin() })
    expect(await refusal(hsm.token('new').initialise(options()))).toBe('HSM-FREE-SLOT-MISSING')
    expect(await refusal(token.initialise(options()))).toBe('HSM-FUNCTION-MISSING')
    expect((await hsm.tokens()).filter(({ initialised }) => initialised)).toHaveLength(1)
  })

  it.each([
    ['p-256', { kind: 'ecdsa', hash: 'sha256' }],
    ['rsa-2048', { kind: 'rsa-pkcs1', hash: 'sha256' }],
  ] as const)(
    '%s signs for an officer; DECRYPT, which it cannot refuse, is reported',
    async (kind, mechanism) => {
      const made = await token.generateKeyPair({ id: newId(), label: kind, kind, template: signingTemplate })
      const odd = made.attributes.filter(({ ok }) => !ok)
      expect(odd).toEqual([
        { attribute: 'DECRYPT', expected: 'false', actual: 'true', ok: false, lacking: true },
      ])
      for (const [attribute, actual] of [
        ['SENSITIVE', 'true'],
        ['EXTRACTABLE', 'false'],
        ['LOCAL', 'true'],
        ['ALWAYS_SENSITIVE', 'true'],
        ['NEVER_EXTRACTABLE', 'true'],
      ])
        expect(made.attributes).toContainEqual(expect.objectContaining({ attribute, actual }))
      const input = { message: utf8('an opening certificate') }
      const { signature } = await token.sign({ key: made.privateKey, mechanism, input })
      expect(await token.verify({ key: made.publicKey, mechanism, input, signature })).toBe(true)
      const altered = Uint8Array.from(signature, (byte, i) => (i === 9 ? byte ^ 1 : byte))
      expect(await token.verify({ key: made.publicKey, mechanism, input, signature: altered })).toBe(false)
      const again = token.generateKeyPair({
        id: made.privateKey.id,
        label: kind,
        kind,
        template: signingTemplate,
      })
      expect(await refusal(again)).toBe('HSM-DUPLICATE-ID')
      await token.destroy(made.privateKey)
      await token.destroy(made.publicKey)
      expect((await token.inventory()).objects).toEqual([])
    },
  )

  it('refuses all of Wycheproof’s vectors, because it takes no keys but public ones of RSA', async () => {
    const found = await wycheproofOn(real, { serial: token.serial, pin: userPin() })
    const judged = asTriaged(readTriage('swtpm'), hsm.library.version, found)
    expect(judged.found).toEqual(judged.expected)
  })

  it('is not tried out with pairs where only session keys may be made: it has none', async () => {
    const only = { group: 'generate', name: 'p-256' } as const
    const [kept] = await token.capabilities({ only, sessionOnly: true })
    expect(kept).toMatchObject({ state: 'untried', mechanism: 'CKM_EC_KEY_PAIR_GEN' })
    expect(kept?.detail).toMatch(/^CKR_/)
    expect((await token.capabilities({ only }))[0]?.state).toBe('proved')
    expect((await token.inventory()).objects).toEqual([])
  })

  it('makes no AES key and no root', async () => {
    const made = token.generateAes({ id: newId(), label: 'root', bits: 256, template: rootTemplate })
    expect(await refusal(made)).toBe('HSM-MECHANISM-MISSING')
    const plain = { ...rootTemplate, allowedMechanisms: null, unwrapTemplate: null }
    const child = token.generateAes({ id: newId(), label: 'kek', bits: 256, template: plain })
    expect(await refusal(child)).toMatch(/^HSM-(FUNCTION-MISSING|UNSUPPORTED)$/)
  })

  it('the probe finds nothing to attack, and does not pass', async () => {
    const report = await token.probe()
    expect(report).toMatchObject({ profile: 'swtpm', attacks: [], passed: false })
    expect(report.lacking).toEqual(['a wrap mechanism with a known answer'])
  })

  it('gives random bytes and takes a new PIN', async () => {
    expect((await token.random(32)).length).toBe(32)
    await token.changePin({ user: 'user', oldPin: userPin(), newPin: utf8('another-pin') })
    await token.logOut()
    await token.logIn({ user: 'user', pin: utf8('another-pin') })
  })

  it('a few wrong PINs lock the whole TPM although the PIN state stays ok; each is sent once', async () => {
    await token.logOut()
    const codes: string[] = []
    for (let i = 0; i < 5; i++)
      codes.push(await refusal(token.logIn({ user: 'user', pin: utf8(`wrong-${i}-pin`) })))
    expect(codes[0]).toBe('HSM-PIN-WRONG')
    expect(codes.at(-1)).toBe('HSM-PIN-LOCKED')
    expect((await token.pinState()).user).toBe('ok')
  })
})
