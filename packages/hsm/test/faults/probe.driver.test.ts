import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ProbeAttack, ProbeAttackName, ProbeReport, Token } from '../../src/index.ts'
import { evidenceOf, profileById, rootTemplate } from '../../src/index.ts'
import { newId, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

const codes = ['CKR_GENERAL_ERROR', 'CKR_FUNCTION_FAILED', 'CKR_DEVICE_ERROR']

describe('attacks that a token answers by a code that says nothing', () => {
  let bench: FaultBench
  let token: Token
  let sound: ProbeReport
  beforeAll(async () => {
    bench = await startFaultBench()
    token = await bench.newToken('unclear')
    await token.logIn({ user: 'user', pin: userPin() })
    sound = await token.probe()
  })
  beforeEach(() => bench.plan())
  afterAll(() => bench.close())

  const outcomesOf = (report: ProbeReport, template: ProbeAttack['template']) =>
    Object.fromEntries(
      report.attacks.filter((one) => one.template === template).map(({ name, outcome }) => [name, outcome]),
    )
  const attackOf = (report: ProbeReport, template: ProbeAttack['template'], name: ProbeAttackName) =>
    report.attacks.find((one) => one.name === name && one.template === template)!

  const ways: readonly [string, readonly ProbeAttackName[]][] = [
    ['C_UnwrapKey', ['reimport-extractable', 'silent-unwrap', 'tampered-blob', 'transport-unwrap']],
    ['C_CopyObject', ['copy-escalate', 'wrap-to-untrusted']],
    [
      'C_SetAttributeValue',
      ['wrap-then-decrypt', 'flip-attributes', 'wrap-to-untrusted', 'transport-unwrap'],
    ],
    ['C_DecryptInit', ['wrap-then-decrypt']],
    ['C_EncryptInit', ['use-otherwise']],
    ['C_SignInit', ['use-otherwise']],
    ['C_DeriveKey', ['use-otherwise']],
    ['C_GenerateKeyPair', ['transport-unwrap']],
  ]

  it.each(ways.flatMap(([name, attacks]) => codes.map((code) => [name, code, attacks] as const)))(
    '%s that always answers %s decides nothing, and the probe is not passed',
    async (name, code, attacks) => {
      bench.plan(`${name}@*=${code}`)
      const report = await token.probe()
      for (const attack of attacks) {
        const found = attackOf(report, 'hardened', attack)
        expect([attack, found.outcome]).toEqual([attack, 'undecided'])
        expect(found.detail).toContain(code)
      }
      const others = Object.entries(outcomesOf(report, 'hardened')).filter(
        ([one]) => !attacks.some((attack) => attack === one),
      )
      for (const [one, outcome] of others) expect([one, outcome]).toEqual([one, 'held'])
      expect(report.passed).toBe(false)
      const evidence = evidenceOf({ attributes: null, probe: report, profile: profileById('softhsm')! })
      expect(evidence.level).toBe('E0')
      expect(evidence.reasons.find((one) => one.code === 'probe-passed')?.detail).toBe(
        `not decided: ${attacks.join(', ')}`,
      )
    },
  )

  it('wrapping that fails from then on leaves what was not tried undecided', async () => {
    bench.plan(`C_WrapKey@${bench.count('C_WrapKey') + 4}-=CKR_GENERAL_ERROR`)
    const report = await token.probe()
    expect(attackOf(report, 'hardened', 'mechanism-confusion').outcome).toBe('undecided')
    expect(report.passed).toBe(false)
  })

  it('reading that fails from then on is not taken for an attribute that stayed as it was', async () => {
    bench.plan('C_GetAttributeValue@*=CKR_GENERAL_ERROR')
    const report = await token.probe()
    for (const name of ['reimport-extractable', 'silent-unwrap', 'copy-escalate', 'flip-attributes'] as const)
      expect([name, attackOf(report, 'default', name).outcome]).toEqual([name, 'undecided'])
  })

  it.each(codes)('%s that strikes once changes nothing: the attack is tried again', async (code) => {
    for (const name of ['C_UnwrapKey', 'C_CopyObject', 'C_SetAttributeValue', 'C_DecryptInit']) {
      bench.next(name, code)
      const report = await token.probe()
      expect(outcomesOf(report, 'hardened')).toEqual(outcomesOf(sound, 'hardened'))
      expect(outcomesOf(report, 'default')).toEqual(outcomesOf(sound, 'default'))
      expect(report.passed).toBe(true)
    }
  })

  it('an attack on the defaults that works is found although it failed at first', async () => {
    const before = bench.calls().length
    await token.probe()
    const calls = bench.calls().slice(before)
    // The default KEK is the first that decrypts, and is attacked by an unwrap next.
    const ahead = calls.slice(0, calls.indexOf('C_Decrypt')).filter((name) => name === 'C_UnwrapKey').length
    bench.plan(`C_UnwrapKey@${bench.count('C_UnwrapKey') + ahead + 1}=CKR_GENERAL_ERROR`)
    const found = attackOf(await token.probe(), 'default', 'reimport-extractable')
    expect([found.outcome, found.detail]).toEqual(['broken', 'the key’s bytes can be read'])
  })

  it('an attack that is refused by such a code, where the same call works without it, is held', async () => {
    const calls = bench.count('C_UnwrapKey')
    bench.plan(`C_UnwrapKey@${calls + 1}=CKR_GENERAL_ERROR`, `C_UnwrapKey@${calls + 3}=CKR_GENERAL_ERROR`)
    const report = await token.probe()
    expect(attackOf(report, 'hardened', 'reimport-extractable')).toMatchObject({
      outcome: 'held',
      detail: 'refused: CKR_GENERAL_ERROR, CKR_TEMPLATE_INCONSISTENT',
    })
    expect(report.passed).toBe(true)
  })

  const altered = [
    'EXTRACTABLE=1',
    'SENSITIVE=0',
    'PRIVATE=0',
    'DERIVE=1',
    'SIGN=1',
    'ENCRYPT=1',
    'VALUE_LEN=16',
  ]

  it.each(altered)(
    'a KEK that is made with %s is found when it is read back, and the probe is not passed',
    async (what) => {
      bench.plan(`C_GenerateKey@*=alter:${what}`)
      const report = await token.probe()
      const [attribute, value] = what.split('=')
      const said = attribute === 'VALUE_LEN' ? value : String(value === '1')
      const found = attackOf(report, 'hardened', 'read-back')
      expect(found.outcome).toBe('broken')
      expect(found.detail).toContain(`${attribute} of the KEK is ${said}, asked for `)
      expect(report.passed).toBe(false)
    },
  )

  it('a token that takes EXTRACTABLE=false, reads it back and ignores it is not passed: the KEK leaves', async () => {
    bench.plan('C_GenerateKey@*=alter:EXTRACTABLE=1', 'C_GetAttributeValue@*=misread:EXTRACTABLE')
    const report = await token.probe()
    expect(attackOf(report, 'hardened', 'read-back').outcome).toBe('held')
    expect(attackOf(report, 'hardened', 'wrap-the-kek').outcome).toBe('broken')
    expect(report.passed).toBe(false)
  })

  it('a token that makes no transport pair, and so has no trusted window, may pass', async () => {
    bench.plan('C_GenerateKeyPair@*=CKR_FUNCTION_NOT_SUPPORTED')
    const report = await token.probe()
    expect(attackOf(report, 'hardened', 'transport-unwrap')).toMatchObject({
      outcome: 'not-applicable',
      detail:
        'no transport pair takes a root in, so none comes by a trusted window: CKR_FUNCTION_NOT_SUPPORTED',
    })
    expect(report.passed).toBe(true)
  })

  /** The number that `name` will have where it is called first after `marker` in the next probe, as in one under the plan that stands. */
  const numberAfter = async (name: string, marker: string, times = 1, last?: string): Promise<number> => {
    const from = bench.calls().length
    await token.probe()
    const calls = bench.calls().slice(from)
    let at = -1
    for (let seen = 0; seen < times; seen++) at = calls.indexOf(marker, at + 1)
    const end = last === undefined ? calls.indexOf(name, at) + 1 : calls.indexOf(last, at)
    return bench.count(name) + calls.slice(0, end).filter((one) => one === name).length
  }

  const failsAtHmac = (control?: string) => {
    // The KEK is asked for a CMAC, and refuses; for an HMAC, which is then asked of a scratch key and of the KEK again.
    const calls = bench.count('C_SignInit')
    return [
      `C_SignInit@${calls + 2}=CKR_FUNCTION_FAILED`,
      ...(control ? [`C_SignInit@${calls + 3}=${control}`] : []),
      `C_SignInit@${calls + 4}=CKR_FUNCTION_FAILED`,
    ]
  }

  it('an HMAC that the KEK is refused by such a code is held where a key for HMACs computes it', async () => {
    bench.plan(...failsAtHmac())
    const report = await token.probe()
    expect(attackOf(report, 'hardened', 'use-otherwise').outcome).toBe('held')
    expect(report.passed).toBe(true)
  })

  it('what no scratch key may do either is refused to the KEK by such a code where wrapping works, and not decided where it fails', async () => {
    const refused = 'CKR_KEY_FUNCTION_NOT_PERMITTED'
    bench.plan(...failsAtHmac(refused))
    const signs = bench.count('C_SignInit')
    const report = await token.probe()
    expect(attackOf(report, 'hardened', 'use-otherwise').outcome).toBe('held')
    expect(report.passed).toBe(true)
    const each = bench.count('C_SignInit') - signs
    bench.plan(...failsAtHmac(refused))
    const before = bench.count('C_SignInit')
    const wrap = await numberAfter('C_WrapKey', 'C_SignInit', 3)
    expect(bench.count('C_SignInit')).toBe(before + each)
    bench.plan(...failsAtHmac(refused), `C_WrapKey@${wrap}=CKR_FUNCTION_FAILED`)
    expect(attackOf(await token.probe(), 'hardened', 'use-otherwise').outcome).toBe('undecided')
  })

  it('a transport key that cannot be read leaves its attack undecided, and the probe ends with its report', async () => {
    const read = await numberAfter('C_GetAttributeValue', 'C_GenerateKeyPair', 1, 'C_UnwrapKey')
    bench.plan(`C_GetAttributeValue@${read}-${read + 1}=CKR_GENERAL_ERROR`)
    const report = await token.probe()
    expect(attackOf(report, 'hardened', 'transport-unwrap')).toMatchObject({
      outcome: 'undecided',
      detail: expect.stringContaining('CKR_GENERAL_ERROR'),
    })
    expect(attackOf(report, 'default', 'transport-unwrap').outcome).toBe('broken')
    expect(report.passed).toBe(false)
  })

  it('a transport pair that takes in no root of the session leaves its attack undecided: it may take in one that stays', async () => {
    const unwrap = await numberAfter('C_UnwrapKey', 'C_GenerateKeyPair')
    // Once as it is asked, and then without each optional attribute and without both.
    bench.plan(`C_UnwrapKey@${unwrap}-${unwrap + 3}=CKR_TEMPLATE_INCONSISTENT`)
    const report = await token.probe()
    expect(attackOf(report, 'hardened', 'transport-unwrap')).toMatchObject({
      outcome: 'undecided',
      detail: 'not decided: the token answers CKR_TEMPLATE_INCONSISTENT, and to what is allowed as well',
    })
    expect(report.passed).toBe(false)
  })

  it('leaves nothing behind on the token', async () => {
    expect((await token.inventory()).objects).toEqual([])
  })
})

describe('a token that takes no secret key in the clear', () => {
  let bench: FaultBench
  beforeAll(async () => {
    bench = await startFaultBench()
  })
  afterAll(() => bench.close())
  const noClear = 'C_CreateObject@*=CKR_TEMPLATE_INCONSISTENT'

  it('is probed with known keys that come in by RSA-OAEP, and proves possession by one', async () => {
    bench.plan(noClear)
    const token = await bench.loggedIn('fips')
    const report = await token.probe()
    expect(report.knownAnswers.chosen?.standard).toBe('KWP-RFC5649')
    const hardened = report.attacks.filter(({ template }) => template === 'hardened')
    expect(hardened.filter(({ outcome }) => outcome !== 'held')).toEqual([])
    expect(report.passed).toBe(true)
    // The public key to wrap to is then one of the token's own, whose other half decrypts.
    expect(
      report.attacks.find(({ name, template }) => name === 'wrap-to-untrusted' && template === 'default'),
    ).toMatchObject({ outcome: 'broken', detail: expect.stringContaining('CKM_RSA_PKCS_OAEP') })
    expect((await token.inventory()).objects).toEqual([])
    const id = newId()
    await token.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
    const prove = () => token.possessionDigest({ kek: { id }, challenge: new Uint8Array(32) })
    const wrapped = await prove()
    bench.plan()
    expect(await prove()).toEqual(wrapped)
    expect((await token.inventory()).objects).toHaveLength(1)
  })

  it.each(codes)(
    'is not what one failed for that answers %s once, be it when the key is taken away',
    async (code) => {
      for (const name of ['C_CreateObject', 'C_DestroyObject']) {
        bench.plan()
        const token = await bench.loggedIn(`${name} ${code.slice(4, 9)}`)
        bench.next(name, code)
        expect((await token.probe()).knownAnswers.chosen?.standard).toBe('KWP-RFC5649')
      }
      bench.plan()
    },
  )

  it('makes one pair for the known keys of a probe, one to wrap to, and else those that an attack needs for itself', async () => {
    bench.plan(noClear)
    const token = await bench.loggedIn('pairs')
    const before = bench.count('C_GenerateKeyPair')
    expect((await token.probe()).passed).toBe(true)
    // Two transport pairs, and one that the user marks as trusted.
    expect(bench.count('C_GenerateKeyPair') - before).toBe(5)
    expect((await token.inventory()).objects).toEqual([])
    bench.plan()
  })

  it('has the time to make a pair for them, in every call that may need one', async () => {
    const slow = await startFaultBench({ callTimeoutMs: 5_000 })
    try {
      const token = await slow.loggedIn('slow')
      const kek = { id: newId() }
      slow.plan(noClear, 'C_GenerateKeyPair@*=slow:7000')
      await token.generateAes({ id: kek.id, label: 'root', bits: 256, template: rootTemplate })
      await token.possessionDigest({ kek, challenge: new Uint8Array(32) })
      expect(slow.restarts).toEqual([])
    } finally {
      await slow.close()
    }
  }, 60_000)

  it('and that makes no pair for it either is not passed, and the report says why and what to do', async () => {
    const token = await bench.loggedIn('closed')
    bench.plan(noClear, 'C_GenerateKeyPair@*=CKR_FUNCTION_NOT_SUPPORTED')
    const report = await token.probe()
    expect(report.passed).toBe(false)
    expect(report.knownAnswers.tried[0]?.result).toBe(
      'no known key comes in, neither in the clear nor by RSA-OAEP: CKR_TEMPLATE_INCONSISTENT. Let the token take keys in by one of the two while it is probed',
    )
    bench.plan()
  })
})
