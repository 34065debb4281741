import { describe, expect, it } from 'vitest'
import { planFromScript, warnPlan } from '../../src/exports/plan.ts'
import { copyOf, planOf, type ScriptName, scriptBytes, valuesFor } from '../engine/plans.ts'

const withKey: ScriptName[] = ['first-run', 'threshold-fhe', 'fhe-life', 'threshold-decryption', 'resharing']

describe('the mode of a threshold key', () => {
  it.each(withKey)(
    '%s makes a key of mode S with a squash key, unless it is a rehearsal of the script',
    (name) => {
      const { fheMode: _mode, fheSquash: _squash, ...values } = valuesFor(name, 'production', false)
      const made = planFromScript(scriptBytes(name), values)
      expect(made).toMatchObject({ ok: true, value: { plan: { fhe: { mode: 'S', squash: true } } } })
      expect(planOf(name, 'rehearsal').plan.fhe).toMatchObject({ mode: 'F', squash: false })
    },
  )

  it('PLAN-45 warns of a new key of mode F, which opens nothing that is encrypted later', () => {
    const { plan } = planOf('threshold-fhe', 'production')
    expect(warnPlan(plan)).toMatchObject([{ rule: 'PLAN-45' }])
    const other = copyOf(plan)
    Object.assign(other.fhe!, { mode: 'S', squash: true })
    expect(warnPlan(other)).toEqual([])
  })

  it('PLAN-45 is silent of a key that an earlier ceremony dealt, whose mode no plan changes, and of plans without one', () => {
    expect(warnPlan(planOf('resharing', 'production').plan)).toEqual([])
    expect(warnPlan(planOf('key-hierarchy', 'production').plan)).toEqual([])
  })
})
