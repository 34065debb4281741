import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lintPlan, type Plan, type PlannedFhe } from '../../src/exports/plan.ts'
import { copyOf, planOf, type ScriptName, stepIn, without } from '../engine/plans.ts'
import { plan, spoilt } from './spoilt.ts'

describe('lint of keys', () => {
  it('PLAN-30 refuses keys that form no hierarchy', () => {
    expect(spoilt((copy) => (copy.keys[2]!.parent = 'root-kek'))).toContain('PLAN-30')
    expect(spoilt((copy) => delete copy.keys[1]!.parent)).toContain('PLAN-30')
    expect(spoilt((copy) => (copy.keys[0]!.parent = 'data-key'))).toContain('PLAN-30')
    expect(spoilt((copy) => (copy.keys[1]!.id = 'root-kek'))).toContain('PLAN-30')
    expect(spoilt((copy) => (copy.keys[1]!.parent = 'organisation-kek'))).toContain('PLAN-30')
    expect(spoilt((copy) => (copy.keys[1]!.level = 'root'))).toContain('PLAN-30')
  })

  it('PLAN-31 refuses a wrapping key that is not AES-256', () => {
    expect(spoilt((copy) => (copy.keys[2]!.algorithm = 'RSA-4096'))).toEqual(['PLAN-31'])
    expect(spoilt((copy) => (copy.keys[3]!.algorithm = 'RSA-4096'))).toEqual([])
  })

  it('PLAN-32 refuses a window without a destination, and destinations without a window', () => {
    expect(spoilt((copy) => (copy.keys[0]!.replication = 'none'))).toEqual(['PLAN-32'])
    expect(
      spoilt((copy) => {
        copy.destinations = []
        copy.keys[0]!.replication = 'trusted-window'
      }),
    ).toEqual(['PLAN-32'])
    expect(spoilt((copy) => (copy.keys[1]!.replication = 'none'))).toEqual(['PLAN-32'])
  })

  it('PLAN-32 refuses a second server in version 1, and in version 2 one that is listed twice or cannot get the root', () => {
    const [first] = plan.destinations
    const transport = 'ab'.repeat(32)
    const other: Plan['destinations'][number] = { card: 'cd'.repeat(32), transport }
    const saying = (detail: string) => ({
      rule: 'PLAN-32',
      step: '',
      detail: expect.stringContaining(detail),
    })
    const refused = (v: 1 | 2, second: Plan['destinations'][number]) => {
      const copy = { ...copyOf(plan), v }
      copy.destinations.push(second)
      return lintPlan(copy).filter(({ rule }) => rule !== 'PLAN-79')
    }
    expect(refused(1, other)).toEqual([saying('2 destinations are listed')])
    // In version 2 another server has its own line; two nodes of one server have not.
    expect(refused(2, other)).toEqual([])
    expect(refused(2, { ...first!, transport })).toEqual([saying('is listed twice')])
    expect(refused(2, { card: other.card })).toEqual([saying('which has no transport key')])
  })

  it('PLAN-33 refuses a key that is made never, twice, or by the wrong step', () => {
    expect(lintPlan(without(plan, 'generate-data')).map(({ rule }) => rule)).toEqual(['PLAN-33'])
    expect(spoilt((copy) => (stepIn(copy, 'generate-data').key = 'project-kek'))).toEqual([
      'PLAN-33 generate-data',
      'PLAN-33',
    ])
    expect(spoilt((copy) => (stepIn(copy, 'generate-data').do = 'generate-root'))).toContain(
      'PLAN-33 generate-data',
    )
  })

  it.each([
    ['t more than n', { t: 4 }],
    ['t of one', { t: 1 }],
    ['n without its holders', { n: 4 }],
    ['n over 15', { n: 16 }],
    ['a holder twice', { holders: ['Holder One', 'Holder One', 'Holder Three'] }],
    ['a holder who is not seated', { holders: ['Holder One', 'Holder Two', 'Mallory'] }],
    ['mode S without a squash key', { mode: 'S' as const }],
    [
      'mode F beyond its floor',
      { t: 2, n: 2, mode: 'F' as const, holders: ['Holder One', 'Holder Two', 'Holder Three'] },
    ],
  ])('PLAN-40 refuses %s', (_what, change) => {
    const found = spoilt((copy) => Object.assign(copy.fhe!, change))
    expect(found).toContain('PLAN-40')
  })

  it('PLAN-44 a new key for proven inputs is of mode S with 8 to 1024 bits a list, and no other key has proofBits', () => {
    const plans = new Map<ScriptName, Plan>()
    const rules = (name: ScriptName, change: Partial<PlannedFhe>) => {
      const made = plans.get(name) ?? planOf(name, 'production').plan
      plans.set(name, made)
      const copy = copyOf(made)
      Object.assign(copy.fhe!, { mode: 'S', squash: true }, change)
      return lintPlan(copy).map(({ rule, detail }) => `${rule} ${detail}`)
    }
    for (const name of ['threshold-fhe', 'first-run', 'fhe-life'] as const) {
      for (const proofBits of [8, 64, 1024]) expect(rules(name, { inputs: 'proven', proofBits })).toEqual([])
      expect(rules(name, { inputs: 'proven' })).toEqual([
        expect.stringMatching(/^PLAN-44 .*proofBits is not/),
      ])
      for (const proofBits of [7, 1025, 0, -64])
        expect(rules(name, { inputs: 'proven', proofBits })).toEqual([
          `PLAN-44 proofBits is ${proofBits}, expected 8 to 1024`,
        ])
      expect(rules(name, { inputs: 'signed', proofBits: 64 })).toEqual([expect.stringMatching(/^PLAN-44/)])
    }
    expect(rules('first-run', { inputs: 'proven', proofBits: 64, mode: 'F', squash: false })).toEqual([
      'PLAN-44 what comes of a proven list has more noise than mode F hides; mode S does',
    ])
    expect(rules('resharing', { inputs: 'proven' })).toEqual([])
    expect(rules('resharing', { inputs: 'proven', proofBits: 64 })).toEqual([
      expect.stringMatching(/^PLAN-44/),
    ])
  })

  it('PLAN-40 lets rehearsals alone deal a TFHE_BINARY key: of mode S, signed inputs and no squash key', () => {
    const binary = (change: object, domain: 'rehearsal' | 'production' = 'rehearsal') => {
      const copy = copyOf(plan)
      Object.assign(copy.fhe!, { type: 'TFHE_BINARY', mode: 'S', squash: false, inputs: 'signed', ...change })
      return lintPlan(copy, { officers: 1, witnesses: 2, domain }).map(({ rule }) => rule)
    }
    expect(binary({})).toEqual([])
    expect(binary({}, 'production')).toEqual(['PLAN-40'])
    for (const change of [{ mode: 'F' }, { squash: true }, { t: 4 }])
      expect(binary(change)).toEqual(['PLAN-40'])
    expect(binary({ inputs: 'proven' })).toEqual(['PLAN-44', 'PLAN-40'])
    expect(lintPlan(plan, { officers: 1, witnesses: 2, domain: 'production' })).toEqual([])
  })

  it('PLAN-40 no ceremony decrypts with the shares of a TFHE_BINARY key, or moves it', () => {
    const { plan: life } = planOf('fhe-life', 'production')
    const copy = copyOf(life)
    Object.assign(copy.fhe!, { type: 'TFHE_BINARY', mode: 'S', squash: false })
    const details = lintPlan(copy).flatMap(({ rule, detail }) => (rule === 'PLAN-40' ? [detail] : []))
    expect(details).toEqual([
      'the shares of a TFHE_BINARY key decrypt nothing',
      'no ceremony of this version moves a TFHE_BINARY key, which no canary can prove',
    ])
  })

  it('PLAN-40 allows exactly 2 <= t <= n <= 15 in mode S', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 20 }), fc.integer({ min: -1, max: 20 }), (t, n) => {
        const copy = copyOf(plan)
        const holders = Array.from({ length: Math.max(0, n) }, (_, index) => `H ${index}`)
        copy.people = copy.people.filter(({ role }) => role !== 'holder')
        copy.people.push(
          ...holders.map((name, index) => ({
            role: 'holder' as const,
            name,
            card: String(index).padStart(64, '0'),
          })),
        )
        copy.fhe = { ...copy.fhe!, mode: 'S', squash: true, t, n, holders }
        const refused = lintPlan(copy).some(({ rule }) => rule === 'PLAN-40')
        expect(refused).toBe(!(t >= 2 && t <= n && n <= 15))
      }),
    )
  })
})
