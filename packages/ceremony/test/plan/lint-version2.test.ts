import { utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { lintPlan, type Plan, printPlan, readPlan } from '../../src/exports/plan.ts'
import { copyOf, planOf, without } from '../engine/plans.ts'
import { asked } from '../support/version2.ts'
import { plan } from './spoilt.ts'

const digestOf = (digit: string) => digit.repeat(64)
const whole = proved(asked(plan))
/** Every custodian proves the share, once the root is made. */
function proved(copy: Plan): Plan {
  copy.parts.at(-1)?.steps.unshift({
    id: 'acknowledge-custodians',
    do: 'acknowledge-custodian',
    actor: 'officer',
    textKey: 'script.step.acknowledge-custodians',
    text: 'Each custodian proves the share.',
  })
  return copy
}
const textOf = (of: Plan) => stringify(of, { version: '1.2', schema: 'core', lineWidth: 0 })
const read = (of: Plan) => readPlan(utf8(textOf(of)))

/** The rules that refuse the plan beside those for its missing steps, when it asks for something else. */
function refusedBy(spoil: (copy: Plan) => unknown): string[] {
  const copy = copyOf(whole)
  spoil(copy)
  const known = lintPlan(whole).map(({ rule }) => rule)
  return [...new Set(lintPlan(copy).map(({ rule }) => rule))].filter((rule) => !known.includes(rule))
}

describe('plan of version 2', () => {
  it('PLAN-03 what version 2 alone has is read in it, and refused by its name in version 1', () => {
    expect(read(whole)).toMatchObject({ ok: true })
    const first: Plan = { ...copyOf(plan), v: 1 }
    const root = (of: Plan) => of.keys[0]!
    const [person] = plan.people
    for (const [name, spoil] of [
      ['heartbeat', (copy: Plan) => Object.assign(copy, { heartbeat: whole.heartbeat })],
      ['revokes', (copy: Plan) => Object.assign(copy, { revokes: whole.revokes })],
      ['nextPolicy', (copy: Plan) => Object.assign(copy, { nextPolicy: whole.nextPolicy })],
      ['keys[0].backup', (copy: Plan) => Object.assign(root(copy), { backup: root(whole).backup })],
      ['keys[0].spares', (copy: Plan) => Object.assign(root(copy), { spares: root(whole).spares })],
      ['keys[0].version', (copy: Plan) => Object.assign(root(copy), { version: 1 })],
      ['keys[0].replaces', (copy: Plan) => Object.assign(root(copy), { replaces: root(whole).replaces })],
      ['tokens[0].needs', (copy: Plan) => Object.assign(copy.tokens[0]!, { needs: ['kwp'] })],
      [
        'parts[0].steps[0].custodian',
        (copy: Plan) => Object.assign(copy.parts[0]!.steps[0]!, { custodian: 'Gita' }),
      ],
    ] as const) {
      const copy = copyOf(first)
      spoil(copy)
      const detail = `${name} stands only in a plan of version 2 or later`
      expect(read(copy)).toMatchObject({ ok: false, refusals: [{ rule: 'PLAN-03', detail }] })
      expect(read({ ...copy, v: 2 })).toMatchObject({ ok: true })
    }
    for (const spoil of [
      (copy: Plan) => copy.people.push({ ...person!, role: 'custodian' }),
      (copy: Plan) => (copy.tokens[0]!.profile = 'measured'),
      (copy: Plan) => delete copy.destinations[0]!.transport,
    ]) {
      const copy = copyOf(first)
      spoil(copy)
      expect(read(copy)).toMatchObject({ ok: false, refusals: [{ rule: 'PLAN-03' }] })
      expect(read({ ...copy, v: 2 })).toMatchObject({ ok: true })
    }
  })

  it('PLAN-79 a plan of version 3 that asks for nothing new lints, and one of before is read but not begun', () => {
    expect(lintPlan({ ...copyOf(plan), v: 3 as const })).toEqual([])
    for (const v of [1, 2] as const) {
      const before = { ...copyOf(plan), v }
      expect(read(before)).toMatchObject({ ok: true })
      expect(lintPlan(before).map(({ rule }) => rule)).toEqual(['PLAN-79'])
    }
  })

  it('PLAN-80 refuses what no run shows yet, of the plan and of the policy', () => {
    const rulesOf = (spoil: (copy: Plan) => unknown, machine?: 'M0' | 'M1' | 'M2' | 'M3') => {
      const copy = { ...copyOf(plan), v: 3 as const }
      spoil(copy)
      const terms = { officers: 1, witnesses: 1, ...(machine === undefined ? {} : { machine }) }
      return lintPlan(copy, terms).map(({ rule, detail }) => `${rule} ${detail}`)
    }
    const saying = (what: string) => [`PLAN-80 ${what}, and no run shows it yet`]
    const none = () => undefined
    const device = { maker: 'A', model: 'B' }
    const role = plan.tokens[0]!.role
    const image = '1c'.repeat(32)
    expect(rulesOf((copy) => Object.assign(copy, { image }))).toEqual(saying('the plan names an image'))
    expect(rulesOf((copy) => Object.assign(copy.tokens[0]!, { shim: image }))).toEqual(
      saying(`the token ${role} names a shim`),
    )
    expect(rulesOf((copy) => Object.assign(copy.tokens[0]!, { device }))).toEqual(
      saying(`the token ${role} names a device`),
    )
    expect(rulesOf(none, 'M0')).toEqual([])
    for (const level of ['M1', 'M2', 'M3'] as const)
      expect(rulesOf(none, level)).toEqual(saying(`the policy asks for a machine of ${level}`))
  })

  it('PLAN-81 refuses a plan of another organisation than the policy’s', () => {
    const copy = { ...copyOf(plan), v: 3 as const }
    const of = (organisation: string) =>
      lintPlan(copy, { officers: 1, witnesses: 1, organisation }).map(({ rule }) => rule)
    expect(of(copy.organisation.id)).toEqual([])
    expect(of('another')).toEqual(['PLAN-81'])
  })

  it('PLAN-03 what version 3 alone has is read in it, and refused by its name before', () => {
    for (const [name, spoil] of [
      ['image', (copy: Plan) => Object.assign(copy, { image: '1c'.repeat(32) })],
      ['tokens[0].shim', (copy: Plan) => Object.assign(copy.tokens[0]!, { shim: '1c'.repeat(32) })],
      [
        'tokens[0].device',
        (copy: Plan) => Object.assign(copy.tokens[0]!, { device: { maker: 'A', model: 'B' } }),
      ],
    ] as const) {
      const copy = copyOf(plan)
      spoil(copy)
      const detail = `${name} stands only in a plan of version 3`
      expect(read({ ...copy, v: 2 })).toMatchObject({ ok: false, refusals: [{ rule: 'PLAN-03', detail }] })
      expect(read({ ...copy, v: 3 })).toMatchObject({ ok: true })
    }
  })

  it('TEXT-RULE a title, a name and a step of version 3 keep it, of before they need not', () => {
    for (const spoil of [
      (copy: Plan) => (copy.title = 'R\u043eot'),
      (copy: Plan) => (copy.keys[0]!.name = 'Root\u200b'),
      (copy: Plan) => (copy.parts[0]!.steps[0]!.text = 'Call the roll. '),
    ]) {
      const copy = copyOf(plan)
      spoil(copy)
      expect(read({ ...copy, v: 2 })).toMatchObject({ ok: true })
      expect(read({ ...copy, v: 3 })).toMatchObject({ ok: false, refusals: [{ rule: 'PLAN-03' }] })
    }
  })

  it('PLAN-71 refuses a backup that cannot be, and spares that are not there', () => {
    const [root, second] = [0, 1]
    for (const spoil of [
      (copy: Plan) => (copy.keys[root]!.backup!.t = 1),
      (copy: Plan) => (copy.keys[root]!.backup!.t = 4),
      (copy: Plan) => (copy.keys[root]!.backup!.n = 4),
      (copy: Plan) => (copy.keys[root]!.backup!.custodians = ['Gita', 'Gita', 'Ivo']),
      (copy: Plan) => (copy.keys[root]!.backup!.custodians = ['Gita', 'Hugo', 'Nobody']),
      (copy: Plan) => (copy.keys[second]!.backup = copy.keys[root]!.backup!),
      (copy: Plan) => (copy.keys[root]!.spares = ['ceremony']),
      (copy: Plan) => (copy.keys[root]!.spares = ['spare', 'spare']),
    ])
      expect(refusedBy(spoil)).toEqual(['PLAN-71'])
  })

  it('PLAN-72 refuses links that lead nowhere or twice to one key', () => {
    for (const spoil of [
      (copy: Plan) => delete copy.keys[0]!.version,
      (copy: Plan) => (copy.keys[0]!.version = 3),
      (copy: Plan) => (copy.keys[1]!.version = 2),
      (copy: Plan) => copy.revokes!.push(copy.revokes![0]!),
      (copy: Plan) => copy.revokes!.push(copy.keys[0]!.replaces!),
      (copy: Plan) => (copy.nextPolicy = copy.policy),
      (copy: Plan) =>
        Object.assign(copy.keys[1]!, {
          version: 2,
          replaces: { bundle: digestOf('b'), id: 'another', version: 1 },
        }),
    ])
      expect(refusedBy(spoil)).toEqual(['PLAN-72'])
  })

  it('PLAN-73 refuses needs of a token with a profile, and a measured token without', () => {
    const spare = (copy: Plan) => copy.tokens.find(({ role }) => role === 'spare')!
    for (const spoil of [
      (copy: Plan) => (spare(copy).profile = 'luna'),
      (copy: Plan) => delete spare(copy).needs,
      (copy: Plan) => (spare(copy).needs = []),
      (copy: Plan) => spare(copy).needs!.reverse(),
      (copy: Plan) => spare(copy).needs!.push('kwp'),
    ])
      expect(refusedBy(spoil)).toEqual(['PLAN-73'])
  })

  it('PLAN-22 holds a measured token to what the plan asks of it', () => {
    const ceremony = (needs: NonNullable<Plan['tokens'][number]['needs']>) =>
      refusedBy((copy) => Object.assign(copy.tokens[0]!, { profile: 'measured', needs }))
    expect(ceremony(['initialise', 'kwp', 'unwrap-template', 'gcm', 'trusted-window'])).toEqual([])
    expect(ceremony(['initialise', 'kwp', 'unwrap-template', 'gcm'])).toEqual(['PLAN-22'])
    expect(ceremony(['kwp', 'unwrap-template', 'gcm', 'trusted-window'])).toEqual(['PLAN-22'])
    expect(ceremony(['initialise', 'unwrap-template', 'gcm', 'trusted-window'])).toEqual(['PLAN-22'])
    expect(ceremony(['initialise', 'kwp', 'unwrap-template', 'trusted-window'])).toEqual(['PLAN-22'])
  })

  it('is printed with everything that version 2 adds', () => {
    const printed = printPlan(whole, '00'.repeat(32))
    for (const text of [
      'backup: any 2 of 3 bring it back: Gita, Hugo, Ivo',
      'also in the tokens spare',
      'version 2',
      'in the place of root, version 1',
      'must show by its probe: kwp, unwrap-template, trusted-window',
      'old-data-key, version 1',
      'Next policy',
      'at least every 180 days',
      'custodian',
    ])
      expect(printed).toContain(text)
  })
})

describe('the change of officers', () => {
  it('PLAN-76 wants one step that signs the next policy where a plan names one, and none elsewhere', () => {
    const { plan } = planOf('officer-change', 'production')
    const faults = (copy: Plan) => lintPlan(copy).map(({ rule, detail }) => `${rule} ${detail}`)
    expect(faults(plan)).toEqual([])
    expect(faults(without(plan, 'sign-policy'))).toEqual(['PLAN-76 no step signs the next policy'])
    const { nextPolicy: _none, ...rest } = plan
    expect(faults(rest)).toEqual(['PLAN-76 the plan names no next policy'])
    const twice = copyOf(plan)
    const part = twice.parts.find(({ kind }) => kind === 'officer-change')!
    part.steps.push({ ...part.steps[0]!, id: 'sign-again' })
    expect(faults(twice)).toEqual(['PLAN-76 the next policy is signed a second time'])
  })
})

describe('a revocation', () => {
  it('PLAN-77 wants one step that revokes where a plan revokes, and none elsewhere', () => {
    const { plan } = planOf('revocation', 'production')
    const faults = (copy: Plan) => lintPlan(copy).map(({ rule, detail }) => `${rule} ${detail}`)
    expect(faults(plan)).toEqual([])
    expect(faults(without(plan, 'revoke-keys'))).toEqual([
      'PLAN-77 no step revokes the keys that the plan names',
    ])
    const { revokes: _none, ...rest } = plan
    expect(faults(rest)).toEqual(['PLAN-77 the plan revokes no key'])
  })
})

describe('a decommission', () => {
  it('PLAN-78 wants the root proved, and destroyed exactly once in every token of the plan', () => {
    const { plan } = planOf('decommission', 'production')
    const faults = (copy: Plan) => lintPlan(copy).map(({ rule, detail }) => `${rule} ${detail}`)
    expect(faults(plan)).toEqual([])
    expect(faults(without(plan, 'decommission-spare'))).toEqual([
      'PLAN-78 root-kek is not destroyed exactly once in the token spare',
    ])
    expect(faults(without(plan, 'prove-root'))).toContain(
      'PLAN-78 root-kek is destroyed before it was proved',
    )
    const unproved = copyOf(plan)
    for (const { existing } of unproved.keys) delete existing?.possession
    expect(faults(unproved)).toContain(
      'PLAN-78 the plan does not name the possession proof of root-kek’s birth',
    )
    const twice = copyOf(plan)
    const part = twice.parts.find(({ kind }) => kind === 'decommission')!
    part.steps.push({ ...part.steps.at(-1)!, id: 'again' })
    expect(faults(twice)).toEqual(['PLAN-78 root-kek is not destroyed exactly once in the token ceremony'])
  })
})
