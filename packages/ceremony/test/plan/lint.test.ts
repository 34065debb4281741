import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plan, TokenProfile } from '../../src/index.ts'
import { lintPlan } from '../../src/plan/index.ts'
import { copyOf, planOf, scriptNames, stepIn, without } from '../engine/plans.ts'

const { plan } = planOf('first-run', 'production')

/** Refusals of the first run after a change, as "RULE step". */
function spoilt(change: (plan: Plan) => void, from: Plan = plan): string[] {
  const copy = copyOf(from)
  change(copy)
  return lintPlan(copy).map(({ rule, step }) => `${rule} ${step}`.trim())
}

const move = (copy: Plan, id: string, to: number) => {
  const part = copy.parts.find(({ steps }) => steps.some((step) => step.id === id))!
  const from = part.steps.findIndex((step) => step.id === id)
  part.steps.splice(to, 0, ...part.steps.splice(from, 1))
}

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
    for (const profile of ['tpm2', 'opencryptoki'] as const)
      expect(spoilt((copy) => (copy.tokens[0]!.profile = profile))).toEqual(keys.map((id) => `PLAN-22 ${id}`))
    const known = (profile: TokenProfile) =>
      spoilt(
        (copy) => {
          copy.tokens[0] = { ...copy.tokens[0]!, profile, serial: 'a1b2' }
        },
        without(plan, 'initialise-token'),
      )
    for (const profile of ['yubihsm', 'smartcard-hsm'] as const)
      expect(known(profile)).toEqual(keys.map((id) => `PLAN-22 ${id}`))
    for (const profile of ['luna', 'nshield', 'cloudhsm'] as const)
      expect(known(profile)).toEqual(['PLAN-22 generate-root'])
    for (const profile of ['yubihsm', 'nshield', 'cloudhsm', 'smartcard-hsm'] as const)
      expect(spoilt((copy) => (copy.tokens[0]!.profile = profile))).toContain('PLAN-22 initialise-token')
  })

  it('PLAN-22 says what the token lacks', () => {
    const copy = structuredClone(plan)
    copy.tokens[0]!.profile = 'opencryptoki'
    const root = lintPlan(copy).find(({ step }) => step === 'generate-root')
    expect(root?.detail).toContain('opencryptoki makes no AES key that wraps others by KW or KWP')
  })

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
    expect(spoilt((copy) => copy.destinations.push(copy.destinations[0]!))).toEqual(['PLAN-32'])
    expect(spoilt((copy) => (copy.keys[1]!.replication = 'none'))).toEqual(['PLAN-32'])
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
