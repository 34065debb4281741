import { describe, expect, it } from 'vitest'
import { sealingTemplate, type Token } from '../../src/index.ts'
import { startFaultBench } from '../faults/fault-bench.ts'
import { newId, refusal } from '../soft-token-bench.ts'
import { startStandIn } from '../stand-in/stand-ins.ts'

const nonce = new Uint8Array(12).fill(7)
const aad = new Uint8Array([1])
const plaintext = new Uint8Array(32).fill(9)

async function on(vendor: string, variant: string, use: (token: Token) => Promise<void>): Promise<void> {
  const { token, pin, close } = await startStandIn(vendor, variant)
  try {
    await token.logIn({ user: 'user', pin: pin() })
    await use(token)
  } finally {
    await close()
  }
}

const sealingKey = async (token: Token) =>
  (await token.generateAes({ id: newId(), label: 'seal', bits: 256, template: sealingTemplate })).ref

describe('AES-GCM of a token that makes the nonce itself', () => {
  it.each([
    ['cloudhsm', 'templates', 12],
    ['luna', 'fips', 16],
  ] as const)(
    'on %s (%s) a secret is sealed under its own nonce of %s bytes, and opened by that',
    (vendor, variant, bytes) =>
      on(vendor, variant, async (token) => {
        const key = await sealingKey(token)
        const sealed = await token.sealGcm({ key, nonce, aad, plaintext })
        expect(sealed.nonce).toHaveLength(bytes)
        expect(Buffer.from(sealed.nonce)).not.toEqual(Buffer.from(nonce))
        expect(new Uint8Array(await token.decryptGcm({ key, aad, ...sealed }))).toEqual(plaintext)
        const only = { group: 'cipher', name: 'aes-256-gcm' } as const
        const [trial] = await token.capabilities({ only, sessionOnly: true })
        expect(trial).toMatchObject({ state: 'proved' })
        const other = { ...sealed, aad: new Uint8Array([2]) }
        expect(await refusal(token.decryptGcm({ key, ...other }))).toBe('HSM-DATA-INVALID')
      }),
  )

  it('a call that fails half-way keeps no later secret from being sealed', async () => {
    const bench = await startFaultBench()
    try {
      const token = await bench.loggedIn('half-way')
      const key = await sealingKey(token)
      bench.next('C_Encrypt', 'CKR_GENERAL_ERROR')
      expect(await refusal(token.sealGcm({ key, nonce, aad, plaintext }))).not.toBe('no error')
      bench.plan()
      const sealed = await token.sealGcm({ key, nonce, aad, plaintext })
      expect(new Uint8Array(await token.decryptGcm({ key, aad, ...sealed }))).toEqual(plaintext)
    } finally {
      await bench.close()
    }
  })

  it('HSM-UNSUPPORTED nothing is encrypted or wrapped under a nonce that the caller has chosen', () =>
    on('cloudhsm', 'templates', async (token) => {
      const key = await sealingKey(token)
      const mechanism = { kind: 'gcm', nonce, aad } as const
      expect(await refusal(token.encryptGcm({ key, nonce, aad, plaintext }))).toBe('HSM-UNSUPPORTED')
      expect(await refusal(token.encrypt({ key, mechanism, plaintext }))).toBe('HSM-UNSUPPORTED')
      expect(await refusal(token.wrapKey({ by: key, mechanism, key }))).toBe('HSM-UNSUPPORTED')
    }))
})
