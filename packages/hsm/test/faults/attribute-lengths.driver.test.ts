import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HsmError, rootTemplate } from '../../src/index.ts'
import { CKA } from '../../src/pkcs11/library/attributes.ts'
import { Module } from '../../src/pkcs11/library/module.ts'
import { Tokens } from '../../src/pkcs11/session/tokens.ts'
import { newId, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

describe('HSM-DEVICE-ERROR an attribute whose length', () => {
  let bench: FaultBench
  let module: Module
  let read: (type: number) => unknown
  beforeAll(async () => {
    bench = await startFaultBench()
    const { serial } = await bench.loggedIn('lengths')
    const id = newId()
    await bench.hsm.token(serial).generateAes({ id, label: 'k', bits: 256, template: rootTemplate })
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
    module = new Module(bench.library)
    const token = new Tokens(module).get(serial)
    token.logIn({ user: 'user', pin: userPin(), keep: false })
    const key = token.find({ id, class: 'secret' })
    read = (type) =>
      type === CKA.UNWRAP_TEMPLATE
        ? module.getTemplate(token.session, key, type)
        : module.getAttribute(token.session, key, type)
  })
  afterAll(async () => {
    module.p11.C_Finalize()
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })
  beforeEach(() => bench.plan())

  const refused = (type: number, lies: number): string => {
    bench.plan(`C_GetAttributeValue@${bench.count('C_GetAttributeValue') + lies}=garbage-length`)
    try {
      read(type)
      return 'no error'
    } catch (error) {
      if (error instanceof HsmError) return `${error.code} ${error.detail.replace(/^.*?: /, '')}`
      throw error
    }
  }

  it('is more than any attribute has is not allocated', () => {
    expect(read(CKA.LABEL)).toEqual(Buffer.from('k'))
    expect(refused(CKA.LABEL, 1)).toMatch(/^HSM-DEVICE-ERROR the library names a length of \d{10,}$/)
    expect(refused(CKA.UNWRAP_TEMPLATE, 1)).toMatch(
      /^HSM-DEVICE-ERROR the library names a length of \d{10,}$/,
    )
  })

  it('grew between the two reads is no value', () => {
    expect(refused(CKA.LABEL, 2)).toBe('HSM-DEVICE-ERROR the length changed between two reads')
  })
})
