import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CKK, CKM, CKO } from '../src/constants.ts'
import type { ProbeAttackName } from '../src/index.ts'
import { CKA, is, num } from '../src/pkcs11/library/attributes.ts'
import { ckrError } from '../src/pkcs11/library/errors.ts'
import type { Attribute } from '../src/pkcs11/library/memory.ts'
import { type Handle, Module } from '../src/pkcs11/library/module.ts'
import { probe } from '../src/pkcs11/probe/probe.ts'
import { Tokens } from '../src/pkcs11/session/tokens.ts'
import { type Bench, startBench, userPin } from './soft-token-bench.ts'

const typeInvalid = 0x12
const inconsistent = 0xd1
const has = (template: readonly Attribute[], type: number) => template.some((one) => one.type === type)
const asksFor = (template: readonly Attribute[], type: number, flag: 0 | 1) =>
  template.some((one) => one.type === type && one.value[0] === flag)

/** As HSMs in FIPS mode: no key with SENSITIVE=false, and no UNWRAP_TEMPLATE. What else is asked of an unwrapped key is done. */
class StrictModule extends Module {
  // On a busy machine a slow call would go to a thread, past what is overridden here.
  override readonly threads = false
  override unwrapKey(...given: Parameters<Module['unwrapKey']>): Handle {
    if (asksFor(given[4], CKA.SENSITIVE, 0)) throw ckrError(inconsistent, given[5])
    return super.unwrapKey(...given)
  }
  override generateKey(...given: Parameters<Module['generateKey']>): Handle {
    if (has(given[2], CKA.UNWRAP_TEMPLATE)) throw ckrError(typeInvalid, given[3])
    return super.generateKey(...given)
  }
  override setAttribute(...given: Parameters<Module['setAttribute']>): void {
    if (given[2].type === CKA.UNWRAP_TEMPLATE) throw ckrError(typeInvalid, given[3])
    super.setAttribute(...given)
  }
  override copyObject(...given: Parameters<Module['copyObject']>): Handle {
    if (has(given[2], CKA.UNWRAP_TEMPLATE)) throw ckrError(typeInvalid, given[3])
    return super.copyObject(...given)
  }
}

const isWeaker = ({ type, value }: Attribute) => type === CKA.UNWRAP_TEMPLATE && value.length > 0

/** Lets whoever asks replace a KEK's UNWRAP_TEMPLATE, but not by an empty one. */
class ReplacingModule extends Module {
  // On a busy machine a slow call would go to a thread, past what is overridden here.
  override readonly threads = false
  readonly #replaced = new Set<string>()

  override setAttribute(...given: Parameters<Module['setAttribute']>): void {
    if (isWeaker(given[2])) this.#replaced.add(given[1].toString('hex'))
    else super.setAttribute(...given)
  }
  override copyObject(...given: Parameters<Module['copyObject']>): Handle {
    if (!given[2].some(isWeaker)) return super.copyObject(...given)
    const key = [num('CLASS', CKO.SECRET_KEY), num('KEY_TYPE', CKK.AES), num('VALUE_LEN', 32)]
    const copy = this.generateKey(given[0], { mechanism: CKM.AES_KEY_GEN }, [...key, is('TOKEN', false)], '')
    this.#replaced.add(copy.toString('hex'))
    return copy
  }
  override getTemplate(...given: Parameters<Module['getTemplate']>): ReturnType<Module['getTemplate']> {
    if (!this.#replaced.has(given[1].toString('hex'))) return super.getTemplate(...given)
    return [{ type: CKA.EXTRACTABLE, value: Buffer.of(1) }]
  }
}

describe('the attack probe on tokens that refuse the crudest try of an attack', () => {
  let bench: Bench
  let serial: string
  beforeAll(async () => {
    bench = await startBench()
    ;({ serial } = await bench.newToken('strict'))
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
  })
  afterAll(async () => {
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })

  function probed(module: Module) {
    const session = new Tokens(module).get(serial)
    try {
      session.logIn({ user: 'user', pin: userPin(), keep: false })
      const { attacks, passed } = probe(session)
      const of = (name: ProbeAttackName) =>
        attacks.find((one) => one.name === name && one.template === 'hardened')
      return { of, passed }
    } finally {
      session.close()
      module.p11.C_Finalize()
    }
  }

  it('one that refuses SENSITIVE=false and unwraps as extractable is not passed', () => {
    const { of, passed } = probed(new StrictModule(bench.library))
    expect(of('reimport-extractable')).toMatchObject({
      outcome: 'broken',
      detail: 'the key came back extractable',
    })
    expect(passed).toBe(false)
  })

  it('one that takes another UNWRAP_TEMPLATE, and no empty one, is not passed', () => {
    const { of, passed } = probed(new ReplacingModule(bench.library))
    expect(of('copy-escalate')).toMatchObject({
      outcome: 'broken',
      detail: 'a copy was made with a weaker UNWRAP_TEMPLATE',
    })
    expect(of('flip-attributes')).toMatchObject({
      outcome: 'broken',
      detail: 'UNWRAP_TEMPLATE was changed',
    })
    expect(passed).toBe(false)
  })
})
