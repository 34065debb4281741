import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CKM } from '../src/constants.ts'
import type { ProbeReport } from '../src/index.ts'
import { CKA, is, mechanisms } from '../src/pkcs11/library/attributes.ts'
import type { Attribute } from '../src/pkcs11/library/memory.ts'
import { Module } from '../src/pkcs11/library/module.ts'
import { probe } from '../src/pkcs11/probe/probe.ts'
import { Tokens } from '../src/pkcs11/session/tokens.ts'
import {
  ForgetfulModule,
  GenerousModule,
  GullibleModule,
  MistakenModule,
  TrustingModule,
} from './forgetful-module.ts'
import { type Bench, startBench, userPin } from './soft-token-bench.ts'

describe('the attack probe on tokens that read back what they were asked for and keep to something else', () => {
  let bench: Bench
  let serial: string
  beforeAll(async () => {
    bench = await startBench()
    ;({ serial } = await bench.newToken('forgetful'))
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
  })
  afterAll(async () => {
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })

  function probed(module: Module): ProbeReport {
    const session = new Tokens(module).get(serial)
    try {
      session.logIn({ user: 'user', pin: userPin(), keep: false })
      return probe(session)
    } finally {
      session.close()
      module.p11.C_Finalize()
    }
  }
  const brokenBy = ({ attacks }: ProbeReport) =>
    attacks.flatMap(({ name, template, outcome, detail }) =>
      template === 'hardened' && outcome !== 'held' ? [[name, outcome, detail]] : [],
    )

  it('one that keeps to it passes', () => {
    const report = probed(new Module(bench.library))
    expect(brokenBy(report)).toEqual([])
    expect(report.passed).toBe(true)
  })

  // By this mechanism SoftHSM wraps nothing, so that only the uses below are found.
  const also = (...numbers: number[]) => mechanisms([CKM.AES_KEY_WRAP_PAD, ...numbers])
  const derives = CKM.AES_ECB_ENCRYPT_DATA
  const kinds: [string, Attribute[], string, RegExp][] = [
    [
      'EXTRACTABLE=false: the KEK leaves under a key that is known',
      [is('EXTRACTABLE', true)],
      'wrap-the-kek',
      /under a known key by .*CKM_AES_KEY_WRAP_PAD.*CKM_RSA_PKCS_OAEP/,
    ],
    ['ENCRYPT=false', [is('ENCRYPT', true), also(CKM.AES_ECB)], 'use-otherwise', /: ENCRYPT CKM_AES_ECB$/],
    [
      'WRAP_WITH_TRUSTED=true of an open root',
      [is('WRAP_WITH_TRUSTED', false)],
      'wrap-to-untrusted',
      /to a key that nobody trusts, by .*CKM_AES_KEY_WRAP_PAD.*CKM_RSA_PKCS_OAEP/,
    ],
    ['SIGN=false', [is('SIGN', true), also(CKM.AES_CMAC)], 'use-otherwise', /: SIGN CKM_AES_CMAC$/],
    [
      'DERIVE=false',
      [is('DERIVE', true), also(derives)],
      'use-otherwise',
      /: DERIVE CKM_AES_ECB_ENCRYPT_DATA$/,
    ],
  ]
  it.each(kinds)('one that forgets %s', (_, instead, name, detail) => {
    const report = probed(new ForgetfulModule(bench.library, instead))
    expect(brokenBy(report)).toEqual([[name, 'broken', expect.stringMatching(detail)]])
    expect(report.passed).toBe(false)
  })

  it('one that forgets SENSITIVE=true too: the KEK is read', () => {
    const report = probed(
      new ForgetfulModule(bench.library, [is('SENSITIVE', false), is('EXTRACTABLE', true)]),
    )
    expect(brokenBy(report).map(([name]) => name)).toEqual(['read-value', 'wrap-the-kek'])
    expect(report.passed).toBe(false)
  })

  it('one that forgets its UNWRAP_TEMPLATE: what it unwrapped leaves under a key that is known', () => {
    const report = probed(new GenerousModule(bench.library))
    const leaves = expect.stringMatching(
      /^the key came back as if not extractable, and leaves under a known key by /,
    )
    expect(brokenBy(report)).toEqual([
      ['reimport-extractable', 'broken', leaves],
      ['silent-unwrap', 'broken', leaves],
    ])
    expect(report.passed).toBe(false)
  })

  it('one that unwraps a blob that was changed', () => {
    const report = probed(new GullibleModule(bench.library))
    expect(brokenBy(report)).toEqual([['tampered-blob', 'broken', 'a changed blob was unwrapped to a key']])
    expect(report.passed).toBe(false)
  })

  it('one that unwraps a sound blob to another key', () => {
    const report = probed(new MistakenModule(bench.library))
    expect(brokenBy(report)).toEqual([
      ['tampered-blob', 'broken', 'a wrapped key was unwrapped to another one'],
    ])
    expect(report.passed).toBe(false)
  })

  const lax: [string, Attribute, RegExp][] = [
    [
      'UNWRAP_TEMPLATE',
      { type: CKA.UNWRAP_TEMPLATE, value: [] },
      /^a transport key unwrapped a root whose \w+ is /,
    ],
    ['DECRYPT=false', is('DECRYPT', true), /^a transport key decrypts what it may only unwrap$/],
    ['MODIFIABLE=false', is('MODIFIABLE', true), /^\w+ of a transport key was changed$/],
  ]
  it.each(lax)('one whose transport key forgets its %s', (_, instead, detail) => {
    const report = probed(new ForgetfulModule(bench.library, [instead], 'pairs'))
    expect(brokenBy(report)).toEqual([['transport-unwrap', 'broken', expect.stringMatching(detail)]])
    expect(report.passed).toBe(false)
  })

  it.each([
    ['a key that the user made as trusted', 'made'],
    ['a key that the user marked as trusted', 'set'],
    ['whoever copies it without WRAP_WITH_TRUSTED', 'copy'],
    ['whoever takes WRAP_WITH_TRUSTED away', 'change'],
  ] as const)('one that gives an open root to %s', (_, way) => {
    const report = probed(new TrustingModule(bench.library, way))
    expect(brokenBy(report).map(([name, outcome]) => [name, outcome])).toEqual([
      ['wrap-to-untrusted', 'broken'],
    ])
    expect(report.passed).toBe(false)
  })
})
