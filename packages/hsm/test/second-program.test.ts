import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rootTemplate, type Token } from '../src/index.ts'
import { CKA, is, mechanisms, num, raw } from '../src/pkcs11/attributes.ts'
import { CKK, CKM, CKO } from '../src/pkcs11/constants.ts'
import { attempt } from '../src/pkcs11/errors.ts'
import type { Attribute } from '../src/pkcs11/memory.ts'
import { Module } from '../src/pkcs11/module.ts'
import type { TokenSession } from '../src/pkcs11/session.ts'
import { Tokens } from '../src/pkcs11/tokens.ts'
import { type Bench, newId, soPin, startBench, userPin } from './soft-token-bench.ts'

/** This test process is the second program: it has the user PIN and loads the library itself, beside the host. */
describe('a second program with the user PIN', () => {
  let bench: Bench
  let token: Token
  let thief: TokenSession
  let module: Module
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('robbed')
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
    module = new Module(bench.library)
    thief = new Tokens(module).get(token.serial)
    thief.logIn({ user: 'user', pin: userPin(), keep: false })
  })
  afterAll(async () => {
    thief.close()
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })

  const secrets = () => module.find(thief.session, [num('CLASS', CKO.SECRET_KEY)])

  /** Wraps a key under a KEK of the thief's own known bytes: what comes out is readable. */
  const wrapOut = (key: Buffer) => {
    const own: Attribute[] = [
      num('CLASS', CKO.SECRET_KEY),
      num('KEY_TYPE', CKK.AES),
      is('TOKEN', false),
      raw('ID', randomBytes(16)),
      raw('VALUE', randomBytes(32)),
      is('WRAP', true),
    ]
    const kek = module.createObject(thief.session, own, 'making a thief’s KEK')
    try {
      return attempt(() =>
        module.wrapKey(thief.session, { mechanism: CKM.AES_KEY_WRAP_PAD }, kek, key, 'stealing'),
      )
    } finally {
      thief.destroyHandle(kek)
    }
  }

  it('steals a root that is made as an extractable token object: the way that we do not go', async () => {
    const id = newId()
    await token.generateAes({
      id,
      label: 'open root',
      bits: 256,
      template: { ...rootTemplate, extractable: true, copyable: true, modifiable: true },
    })
    const [seen] = module.find(thief.session, [raw('ID', Buffer.from(id, 'hex'))])
    expect(wrapOut(seen!).ok).toBe(true)
    await token.destroy({ id, class: 'secret' })
  })

  it('sees, copies, changes and wraps nothing of a root made in the trusted window', async () => {
    const transport = newId()
    const { spki } = await (await bench.loggedIn('destination')).createTransportPair({
      id: transport,
      label: 'd',
    })
    const destinations = [{ id: transport, label: 'd', spki }]
    await token.logOut()
    await token.logIn({ user: 'so', pin: soPin() })
    await token.importTrustedDestinations({ destinations })
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
    const ckaId = newId()
    await token.openTrustedWindow({ ckaId, label: 'root', destinations })
    expect(secrets()).toEqual([])
    await token.commitTrustedWindow()
    const [root, ...more] = secrets()
    expect(more).toEqual([])

    expect(wrapOut(root!)).toMatchObject({ ok: false, error: { ckr: { name: 'CKR_KEY_UNEXTRACTABLE' } } })
    const weaker: readonly Attribute[] = [
      is('EXTRACTABLE', true),
      is('SENSITIVE', false),
      is('DECRYPT', true),
      is('ENCRYPT', true),
      is('MODIFIABLE', true),
      is('WRAP_WITH_TRUSTED', false),
      mechanisms([CKM.AES_ECB]),
      { type: CKA.UNWRAP_TEMPLATE, value: [] },
    ]
    for (const attribute of weaker) {
      const doing = `with attribute 0x${attribute.type.toString(16)}`
      const copied = attempt(() =>
        module.copyObject(thief.session, root!, [is('TOKEN', false), attribute], doing),
      )
      const set = attempt(() => module.setAttribute(thief.session, root!, attribute, doing))
      expect([doing, copied.ok, set.ok]).toEqual([doing, false, false])
    }
    const value = attempt(() => module.getAttribute(thief.session, root!, CKA.VALUE))
    expect(value.ok && value.value !== 'absent' && value.value.length > 0).toBe(false)
  })
})
