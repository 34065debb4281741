import { describe, expect, it } from 'vitest'
import { lintPlan } from '../../src/exports/plan.ts'
import { stepIn, without } from '../engine/plans.ts'
import { move, plan, spoilt } from './spoilt.ts'

describe('lint of steps', () => {
  it('PLAN-50 refuses an id that stands twice or is taken', () => {
    expect(spoilt((copy) => (stepIn(copy, 'prove-root').id = 'log-in'))).toEqual(['PLAN-50 log-in'])
    expect(spoilt((copy) => (stepIn(copy, 'prove-root').id = 'run'))).toEqual(['PLAN-50 run'])
  })

  it('PLAN-51 refuses the use of a new token before it is initialised', () => {
    expect(spoilt((copy) => move(copy, 'initialise-token', 4))).toContain('PLAN-51 log-in')
  })

  it('PLAN-52 refuses work on a token to which nobody has logged in', () => {
    expect(lintPlan(without(plan, 'log-in')).map(({ rule, step }) => `${rule} ${step}`)).toContain(
      'PLAN-52 generate-root',
    )
  })

  it('PLAN-53 refuses a key on a token that was not probed', () => {
    expect(lintPlan(without(plan, 'probe-token')).map(({ rule, step }) => `${rule} ${step}`)).toEqual([
      'PLAN-53 make-ceremony-key',
      'PLAN-53 generate-root',
      'PLAN-53 generate-organisation',
      'PLAN-53 generate-project',
      'PLAN-53 generate-data',
    ])
  })

  it('PLAN-54 refuses an opening without a ceremony key, a second one, and one on another token', () => {
    expect(lintPlan(without(plan, 'make-ceremony-key')).map(({ rule }) => rule)).toEqual(['PLAN-54'])
    expect(
      spoilt((copy) =>
        copy.parts[0]!.steps.splice(8, 0, { ...stepIn(copy, 'make-ceremony-key'), id: 'again' }),
      ),
    ).toEqual(['PLAN-54 again'])
    expect(spoilt((copy) => (stepIn(copy, 'make-ceremony-key').token = 'spare'))).toContain(
      'PLAN-54 make-ceremony-key',
    )
  })

  it('PLAN-55 refuses keys, deals and seals before the opening, and a second opening', () => {
    const found = lintPlan(without(plan, 'open-run')).map(({ rule, step }) => `${rule} ${step}`)
    expect(found).toEqual(
      expect.arrayContaining(['PLAN-55 generate-root', 'PLAN-55 deal-shares', 'PLAN-55 seal']),
    )
    expect(spoilt((copy) => copy.parts[1]!.steps.push({ ...stepIn(copy, 'open-run'), id: 'again' }))).toEqual(
      ['PLAN-55 again'],
    )
  })

  it('PLAN-56 refuses a key whose parent is not made yet, and a proof of a key that is not there', () => {
    expect(spoilt((copy) => move(copy, 'generate-project', 0))).toContain('PLAN-56 generate-project')
    expect(spoilt((copy) => move(copy, 'prove-root', 0))).toEqual(['PLAN-56 prove-root'])
  })

  it('PLAN-57 refuses an acknowledgement before the deal, a deal of nothing and a second deal', () => {
    expect(spoilt((copy) => move(copy, 'acknowledge-shares', 0))).toContain('PLAN-57 acknowledge-shares')
    expect(spoilt((copy) => delete copy.fhe)).toContain('PLAN-57 deal-shares')
    expect(
      spoilt((copy) => copy.parts[3]!.steps.splice(1, 0, { ...stepIn(copy, 'deal-shares'), id: 'again' })),
    ).toEqual(['PLAN-57 again'])
  })

  it('PLAN-58 refuses to seal before every holder has proved the share', () => {
    expect(lintPlan(without(plan, 'acknowledge-shares')).map(({ rule, step }) => `${rule} ${step}`)).toEqual([
      'PLAN-58 seal',
    ])
    expect(spoilt((copy) => (stepIn(copy, 'acknowledge-shares').holder = 'Holder Two'))).toEqual([
      'PLAN-58 seal',
    ])
  })

  it.each(['seal', 'export', 'receipt', 'close'])('PLAN-59 refuses an end without %s', (id) => {
    expect(lintPlan(without(plan, id)).map(({ rule }) => rule)).toEqual(['PLAN-59'])
  })

  it('PLAN-59 refuses export before seal, and work after seal', () => {
    expect(spoilt((copy) => move(copy, 'export', 0))).toContain('PLAN-59')
    expect(
      spoilt((copy) => copy.parts[4]!.steps.splice(1, 0, { ...stepIn(copy, 'log-in'), id: 'again' })),
    ).toContain('PLAN-59 again')
  })

  it('PLAN-60 refuses entries that the step does not use, and steps that lack theirs', () => {
    expect(spoilt((copy) => (stepIn(copy, 'roll-call').key = 'root-kek'))).toEqual(['PLAN-60 roll-call'])
    expect(spoilt((copy) => (stepIn(copy, 'roll-call').token = 'ceremony'))).toEqual(['PLAN-60 roll-call'])
    expect(spoilt((copy) => (stepIn(copy, 'seal').holder = 'Holder One'))).toEqual(['PLAN-60 seal'])
    expect(spoilt((copy) => (stepIn(copy, 'seal').when = 'closing'))).toEqual(['PLAN-60 seal'])
    expect(spoilt((copy) => (stepIn(copy, 'seal').values = [{ id: 'a', label: 'A' }]))).toEqual([
      'PLAN-60 seal',
    ])
    expect(spoilt((copy) => delete stepIn(copy, 'prove-root').key)).toEqual(['PLAN-60 prove-root'])
    expect(spoilt((copy) => (stepIn(copy, 'read-back-root').key = 'nothing'))).toEqual([
      'PLAN-60 read-back-root',
    ])
    expect(spoilt((copy) => (stepIn(copy, 'acknowledge-shares').holder = 'Mallory'))).toContain(
      'PLAN-60 acknowledge-shares',
    )
    expect(spoilt((copy) => (stepIn(copy, 'prove-project').key = 'data-key'))).toContain(
      'PLAN-60 prove-project',
    )
  })

  it('PLAN-61 refuses a live checkpoint at a step that makes none', () => {
    expect(spoilt((copy) => copy.checkpoints.live.push('roll-call'))).toEqual(['PLAN-61 roll-call'])
    expect(spoilt((copy) => copy.checkpoints.live.push('nowhere'))).toEqual(['PLAN-61 nowhere'])
  })

  it('refuses every plan of the first run in which any one needed step is missing', () => {
    const free = [
      'roll-call',
      'clock-check',
      'measure-machine',
      'opening-inventory',
      'read-back-root',
      'prove-root',
      'prove-project',
    ]
    for (const step of plan.parts.flatMap(({ steps }) => steps))
      expect([step.id, lintPlan(without(plan, step.id)).length === 0]).toEqual([
        step.id,
        free.includes(step.id),
      ])
  })
})
