import { describe, expect, it } from 'vitest'
import type { TokenProfile } from '../../src/exports/engine.ts'
import { lintPlan } from '../../src/exports/plan.ts'
import { planOf, scriptNames, stepIn, without } from '../engine/plans.ts'
import { plan, spoilt } from '../plan/spoilt.ts'

describe('lint', () => {
  it.each(scriptNames)(
    'finds nothing in a plan of the shipped script %s, with and without a server',
    (name) => {
      expect(lintPlan(planOf(name, 'production').plan)).toEqual([])
      if (name !== 'token-initialisation')
        expect(lintPlan(planOf(name, 'production', false).plan)).toEqual([])
    },
  )

  it('PLAN-10 refuses a card that is listed twice', () => {
    expect(spoilt((copy) => (copy.people[4]!.card = copy.people[3]!.card))).toEqual(['PLAN-10'])
  })

  it('PLAN-10 refuses a name that is listed twice for a role', () => {
    expect(spoilt((copy) => (copy.people[4]!.name = copy.people[3]!.name))).toEqual(['PLAN-10'])
  })

  it('PLAN-11 refuses two roles for one person, and lets officer and holder be one', () => {
    expect(spoilt((copy) => (copy.people[2]!.name = 'Operator'))).toEqual(['PLAN-11'])
    expect(spoilt((copy) => (copy.people[6]!.name = 'Officer One'))).toContain('PLAN-11')
    const joined = spoilt((copy) => {
      copy.people[8]!.name = 'Officer One'
      copy.fhe!.holders[0] = 'Officer One'
    })
    expect(joined).toEqual([])
  })

  it('PLAN-12 refuses fewer officers or witnesses than the policy asks for', () => {
    expect(lintPlan(plan, { officers: 4, witnesses: 2 }).map(({ rule }) => rule)).toEqual(['PLAN-12'])
    expect(lintPlan(plan, { officers: 2, witnesses: 3 }).map(({ rule }) => rule)).toEqual(['PLAN-12'])
    expect(spoilt((copy) => (copy.people = copy.people.filter(({ role }) => role !== 'officer')))).toContain(
      'PLAN-12',
    )
  })

  it('PLAN-12 says nothing of a policy’s counts where none is known, but that a run wants an officer', () => {
    const seating = (role: string, most: number) =>
      spoilt((copy) => {
        const seats = copy.people.filter((person) => person.role === role).slice(most)
        copy.people = copy.people.filter((person) => !seats.includes(person))
      })
    expect([seating('witness', 1), seating('officer', 1)]).toEqual([[], []])
    expect(seating('officer', 0)).toContain('PLAN-12')
  })

  it('PLAN-13 refuses a step whose role nobody holds', () => {
    expect(spoilt((copy) => (copy.people = copy.people.filter(({ role }) => role !== 'so')))).toEqual([
      'PLAN-13 initialise-token',
    ])
  })

  it('PLAN-20 refuses unknown, doubled and missing tokens', () => {
    expect(spoilt((copy) => (stepIn(copy, 'probe-token').token = 'spare'))).toContain('PLAN-20 probe-token')
    expect(spoilt((copy) => copy.tokens.push({ ...copy.tokens[0]! }))).toContain('PLAN-20')
    expect(spoilt((copy) => (copy.tokens[0]!.role = 'other'))).toContain('PLAN-20')
    const twice = spoilt((copy) => {
      copy.tokens.push(
        { ...copy.tokens[0]!, role: 'spare', serial: 'a' },
        { ...copy.tokens[0]!, role: 'third', serial: 'a' },
      )
    })
    expect(twice).toEqual(['PLAN-20'])
  })

  it('PLAN-21 refuses a known token that is initialised, and a new one that is not or has no label', () => {
    expect(spoilt((copy) => (copy.tokens[0]!.serial = 'a1b2'))).toEqual(['PLAN-21 initialise-token'])
    expect(spoilt((copy) => delete copy.tokens[0]!.label)).toEqual(['PLAN-21'])
    expect(lintPlan(without(plan, 'initialise-token')).map(({ rule }) => rule)).toContain('PLAN-21')
  })

  it('PLAN-22 refuses a token profile that cannot do the step', () => {
    const keys = ['generate-root', 'generate-organisation', 'generate-project', 'generate-data']
    const refused = (ids: readonly string[]) => ids.map((id) => `PLAN-22 ${id}`)
    const sealed = ['make-ceremony-key', ...keys]
    for (const [profile, ids] of [
      ['tpm2', sealed],
      ['opencryptoki', keys],
    ] as const)
      expect(spoilt((copy) => (copy.tokens[0]!.profile = profile))).toEqual(refused(ids))
    const known = (profile: TokenProfile) =>
      spoilt(
        (copy) => {
          copy.tokens[0] = { ...copy.tokens[0]!, profile, serial: 'a1b2' }
        },
        without(plan, 'initialise-token'),
      )
    for (const profile of ['yubihsm', 'smartcard-hsm', 'cloudhsm'] as const)
      expect(known(profile)).toEqual(refused(sealed))
    for (const profile of ['luna', 'nshield'] as const)
      expect(known(profile)).toEqual(['PLAN-22 generate-root'])
    for (const profile of ['yubihsm', 'nshield', 'cloudhsm', 'smartcard-hsm'] as const)
      expect(spoilt((copy) => (copy.tokens[0]!.profile = profile))).toContain('PLAN-22 initialise-token')
  })

  it('PLAN-22 says what the token lacks', () => {
    const copy = structuredClone(plan)
    copy.tokens[0]!.profile = 'opencryptoki'
    const root = lintPlan(copy).find(({ step }) => step === 'generate-root')
    expect(root?.detail).toContain('opencryptoki makes no AES key that wraps others by KW or KWP')
    copy.tokens[0]!.profile = 'tpm2'
    const sealing = lintPlan(copy).find(({ step }) => step === 'make-ceremony-key')
    expect(sealing?.detail).toContain(
      'tpm2 has no AES-GCM, so it cannot seal the second half of a ceremony key',
    )
  })

  it.each([
    ['yubihsm', /yubihsm makes no root: .*UNWRAP_TEMPLATE and ALLOWED_MECHANISMS/],
    ['smartcard-hsm', /smartcard-hsm makes no root: .*no AES key through PKCS #11/],
    ['cloudhsm', /cloudhsm makes no root: .*ALLOWED_MECHANISMS/],
  ] as const)('PLAN-22 names the role, and what %s lacks for it', (profile, why) => {
    const copy = structuredClone(plan)
    copy.tokens[0]!.profile = profile
    const root = lintPlan(copy).find(({ step }) => step === 'generate-root')
    expect(root?.detail).toMatch(why)
  })
})
