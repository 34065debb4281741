import { createCipheriv } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CKF_MECHANISM, CKM } from '../../src/constants.ts'
import { capabilities } from '../../src/pkcs11/capabilities/capabilities.ts'
import { CKA } from '../../src/pkcs11/library/attributes.ts'
import { type Handle, Module } from '../../src/pkcs11/library/module.ts'
import type { TokenSession } from '../../src/pkcs11/session/session.ts'
import { Tokens } from '../../src/pkcs11/session/tokens.ts'
import { type Bench, startBench, userPin } from '../soft-token-bench.ts'

/** Wraps by AES-GCM, which SoftHSM does not, and puts zeros in the tag's place where it is told to. */
class GcmModule extends Module {
  // On a busy machine a slow call would go to a thread, past what is overridden here.
  override readonly threads = false
  zeroTag = false
  readonly #values = new Map<string, Uint8Array>()

  constructor(library: string) {
    super(library)
    const { p11 } = this
    const info = p11.C_GetMechanismInfo.bind(p11)
    p11.C_GetMechanismInfo = (slot, mechanism) => {
      const found = info(slot, mechanism)
      return mechanism === CKM.AES_GCM ? { ...found, flags: found.flags | CKF_MECHANISM.wrap } : found
    }
  }
  override createObject(...given: Parameters<Module['createObject']>): Handle {
    const made = super.createObject(...given)
    const value = given[1].find(({ type }) => type === CKA.VALUE)?.value
    // What is wiped after the call is still needed here.
    if (value instanceof Uint8Array) this.#values.set(made.toString('hex'), Uint8Array.from(value))
    return made
  }
  override wrapKey(...given: Parameters<Module['wrapKey']>): Buffer {
    const [, mechanism, kek, key] = given
    if (mechanism.mechanism !== CKM.AES_GCM) return super.wrapKey(...given)
    const cipher = createCipheriv('aes-256-gcm', this.#values.get(kek.toString('hex'))!, Buffer.alloc(12))
    const wrapped = Buffer.concat([cipher.update(this.#values.get(key.toString('hex'))!), cipher.final()])
    return Buffer.concat([wrapped, this.zeroTag ? Buffer.alloc(16) : cipher.getAuthTag()])
  }
}

describe('the trial of AES-GCM as a wrap', () => {
  let bench: Bench
  let module: GcmModule
  let session: TokenSession
  beforeAll(async () => {
    bench = await startBench()
    const { serial } = await bench.newToken('gcm')
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
    module = new GcmModule(bench.library)
    session = new Tokens(module).get(serial)
    session.logIn({ user: 'user', pin: userPin(), keep: false })
  })
  afterAll(async () => {
    session.close()
    module.p11.C_Finalize()
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })

  it.each([
    [false, 'proved'],
    [true, 'wrong'],
  ])('with a tag of zeros (%s) the result is %s', async (zeroTag, state) => {
    module.zeroTag = zeroTag
    const [found] = await capabilities(session, { only: { group: 'wrap', name: 'aes-gcm' } })
    expect(found).toMatchObject({ state })
  })
})
