import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ProbeAttack, ProbeAttackName, ProbeReport, Token } from '../../src/index.ts'
import { evidenceOf, profileById } from '../../src/index.ts'
import { userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

const codes = ['CKR_GENERAL_ERROR', 'CKR_FUNCTION_FAILED']

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
    ['C_UnwrapKey', ['reimport-extractable', 'silent-unwrap']],
    ['C_CopyObject', ['copy-escalate']],
    ['C_SetAttributeValue', ['wrap-then-decrypt', 'flip-attributes']],
    ['C_DecryptInit', ['wrap-then-decrypt']],
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
    // The hardened template: four tries as extractable and one without saying. The sixth is the first on the defaults.
    bench.plan(`C_UnwrapKey@${bench.count('C_UnwrapKey') + 6}=CKR_GENERAL_ERROR`)
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

  it('leaves nothing behind on the token', async () => {
    expect((await token.inventory()).objects).toEqual([])
  })
})
