import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { profileById, sealingTemplate } from '../../src/index.ts'
import { Module } from '../../src/pkcs11/library/module.ts'
import { generateAes } from '../../src/pkcs11/objects/keys.ts'
import { decrypt, encrypt, encryptGcm } from '../../src/pkcs11/operations/cipher.ts'
import { TokenSession } from '../../src/pkcs11/session/session.ts'
import { Tokens } from '../../src/pkcs11/session/tokens.ts'
import { wrapKey } from '../../src/pkcs11/wrapping/key-wrapping.ts'
import { type Bench, newId, refusal, startBench, userPin } from '../soft-token-bench.ts'

const cloudhsm = profileById('cloudhsm')!

/** A CloudHSM by its profile, SoftHSM behind it. */
class CloudSession extends TokenSession {
  override readonly profile = cloudhsm
}

describe('HSM-UNSUPPORTED AES-GCM of a token that ignores the nonce which it is given', () => {
  let bench: Bench
  let module: Module
  let session: TokenSession
  beforeAll(async () => {
    bench = await startBench()
    const { serial } = await bench.newToken('nonce')
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
    module = new Module(bench.library)
    const soft = new Tokens(module).get(serial)
    session = new CloudSession(module, soft.slot, soft.info())
    session.logIn({ user: 'user', pin: userPin(), keep: false })
  })
  afterAll(async () => {
    session.close()
    module.p11.C_Finalize()
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })

  it('nothing is encrypted or wrapped under it, and what was is still opened', async () => {
    const id = newId()
    // SoftHSM's sealing key names its mechanism; the profile's wrap mechanisms are not asked for.
    const { ref: key } = generateAes(session, { id, label: 'seal', bits: 256, template: sealingTemplate })
    const nonce = new Uint8Array(12)
    const aad = new Uint8Array(0)
    const plaintext = new Uint8Array(32)
    const mechanism = { kind: 'gcm', nonce, aad } as const
    const tried = async (work: () => unknown) => refusal((async () => work())())
    expect(await tried(() => encryptGcm(session, { key, nonce, aad, plaintext }))).toBe('HSM-UNSUPPORTED')
    expect(await tried(() => encrypt(session, { key, mechanism, plaintext }))).toBe('HSM-UNSUPPORTED')
    expect(await tried(() => wrapKey(session, { by: key, mechanism, key }))).toBe('HSM-UNSUPPORTED')
    const opened = () => decrypt(session, { key, mechanism, ciphertext: new Uint8Array(48) })
    expect(await tried(opened)).toBe('HSM-DATA-INVALID')
  })
})
