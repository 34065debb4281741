import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findSoftTokenLibrary, signingTemplate, type Token } from '../../../src/index.ts'
import { hex, is, num, raw } from '../../../src/pkcs11/library/attributes.ts'
import { Module } from '../../../src/pkcs11/library/module.ts'
import { Tokens } from '../../../src/pkcs11/session/tokens.ts'
import { type FaultBench, startFaultBench } from '../../faults/fault-bench.ts'
import { newId, userPin } from '../../soft-token-bench.ts'

describe('an inventory of objects that cannot all be read', () => {
  let bench: FaultBench
  let token: Token
  let id: string
  beforeEach(async () => {
    bench = await startFaultBench()
    token = await bench.newToken('inventory')
    await token.logIn({ user: 'user', pin: userPin() })
    id = newId()
    await token.generateKeyPair({ id, label: 'pair', kind: 'p-256', template: signingTemplate })
  })
  afterEach(() => bench.close())

  /** A second private key under the pair's identifier, as another program makes it. */
  const plant = () => {
    bench.plan()
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
    const planter = new Tokens(new Module(findSoftTokenLibrary() ?? '')).get(token.serial)
    planter.logIn({ user: 'user', pin: userPin(), keep: false })
    planter.module.createObject(
      planter.session,
      [
        num('CLASS', 3),
        num('KEY_TYPE', 3),
        is('TOKEN', true),
        hex('ID', id),
        raw('EC_PARAMS', Buffer.from('06082a8648ce3d030107', 'hex')),
        raw('VALUE', Buffer.alloc(32, 1)),
        is('SIGN', true),
      ],
      'planting a key',
    )
    planter.close()
    planter.module.p11.C_Finalize()
    delete process.env.SOFTHSM2_CONF
  }

  it('one attribute that is refused is named with the token’s reason, and all others are there', async () => {
    const whole = await token.inventory()
    expect(whole.objects.flatMap(({ unreadable }) => unreadable)).toEqual([])
    bench.plan(`C_GetAttributeValue@${bench.count('C_GetAttributeValue') + 9}=CKR_DEVICE_ERROR`)
    const { objects, damaged } = await token.inventory()
    const lost = objects.flatMap(({ unreadable }) => unreadable)
    expect(lost.map(({ reason }) => reason)).toEqual(['CKR_DEVICE_ERROR'])
    expect(damaged).toEqual([])
    for (const [i, object] of objects.entries()) {
      const missing = object.unreadable.map(({ attribute }) => attribute)
      const expected = Object.entries(whole.objects[i]!.attributes).filter(
        ([name]) => !missing.includes(name),
      )
      expect(Object.entries(object.attributes)).toEqual(expected)
    }
  })

  it('a secret attribute is refused without hiding its neighbours', async () => {
    // Two calls ask what kind of object each of the two is.
    bench.plan(
      `C_GetAttributeValue@${bench.count('C_GetAttributeValue') + 2 * 2 + 5}=CKR_ATTRIBUTE_SENSITIVE`,
    )
    const { objects } = await token.inventory()
    expect(objects.flatMap(({ unreadable }) => unreadable.map(({ reason }) => reason))).toEqual([
      'CKR_ATTRIBUTE_SENSITIVE',
    ])
    expect(objects.map(({ class: kind }) => kind).sort()).toEqual(['private', 'public'])
  })

  it('an object of which nothing can be read is damaged, and the inventory goes on', async () => {
    bench.plan(`C_GetAttributeValue@*=CKR_DEVICE_ERROR`)
    const { objects, damaged } = await token.inventory()
    expect(objects.length).toBe(2)
    expect(damaged.map(({ name }) => name)).toEqual(['object 1', 'object 2'])
  })

  it('two keys of one identifier are both shown, and using either is refused', async () => {
    plant()
    const both = (await token.inventory()).objects.filter((o) => o.id === id && o.class === 'private')
    expect(both.map(({ attributes }) => attributes.LOCAL).sort()).toEqual(['false', 'true'])
    const use = token.signEcdsa({ key: { id, class: 'private' }, digest: new Uint8Array(32) })
    await expect(use).rejects.toMatchObject({ code: 'HSM-DUPLICATE-ID' })
    expect((await token.findById(id)).map(({ local }) => local).filter((local) => !local).length).toBe(1)
  })

  it('HSM-DUPLICATE-ID destroying one of two keys of one identifier is refused, and both stay', async () => {
    plant()
    const privates = async () =>
      (await token.findById(id)).filter(({ ref }) => ref.class === 'private').length
    expect(await privates()).toBe(2)
    const one = token.destroy({ id, class: 'private' })
    await expect(one).rejects.toMatchObject({ code: 'HSM-DUPLICATE-ID' })
    expect(await privates()).toBe(2)
    // The public half has its identifier to itself among public keys.
    expect(await token.destroy({ id, class: 'public' })).toEqual({ destroyed: 1, absent: true })
  })
})
