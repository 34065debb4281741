import { describe, expect, it } from 'vitest'
import { type Listed, lintPlan, type Plan } from '../../src/exports/plan.ts'
import { copyOf, planOf } from '../engine/plans.ts'

const first = planOf('first-run', 'production').plan
const life = planOf('fhe-life', 'production').plan

/** All that the plan names. */
function listedOf(plan: Plan): Listed {
  const of = (role: string) => plan.people.filter((one) => one.role === role).map(({ card }) => card)
  return {
    cards: { officer: of('officer'), witness: of('witness'), approver: of('approver') },
    audiences: plan.destinations.map(({ card }) => card),
    combining: [],
    algorithms: ['AES-128', 'AES-256', 'RSA-2048', 'RSA-4096', 'EC-P256', 'EC-P384', 'TFHE_INTEGER'],
    judges: [],
    oldest: 1,
  }
}

function rules(plan: Plan, listed: Listed): string[] {
  return lintPlan(plan, { officers: 1, witnesses: 0, listed }).map(({ rule }) => rule)
}

describe('a plan beside its policy', () => {
  it.each([first, life])('takes a plan whose people, server and algorithms the policy lists', (plan) => {
    expect(rules(plan, listedOf(plan))).toEqual([])
  })

  it.each(['officer', 'witness', 'approver'] as const)(
    'PLAN-14 refuses every %s whose card the policy does not list, and says who it is',
    (role) => {
      const listed = listedOf(life)
      const [missing, ...others] = listed.cards[role]!
      listed.cards[role] = others
      const name = life.people.find(({ card }) => card === missing)!.name
      expect(lintPlan(life, { officers: 1, witnesses: 0, listed })).toMatchObject([
        { rule: 'PLAN-14', detail: expect.stringContaining(`${name} is no ${role} of the policy`) },
      ])
    },
  )

  it('PLAN-14 refuses an officer of the policy who sits with another card than it lists', () => {
    const plan = copyOf(first)
    plan.people.find(({ role }) => role === 'officer')!.card = 'f'.repeat(64)
    expect(rules(plan, listedOf(first))).toEqual(['PLAN-14'])
  })

  it('PLAN-37 refuses a destination that is no server of the policy', () => {
    expect(first.destinations).toHaveLength(1)
    expect(rules(first, { ...listedOf(first), audiences: ['f'.repeat(64)] })).toEqual(['PLAN-37'])
  })

  it.each(['resharing', 'fhe-life'] as const)(
    'PLAN-47 refuses a key to move, by the script %s, past a server that opens its answers',
    (script) => {
      const plan = copyOf(planOf(script, 'production').plan)
      const server = 'c'.repeat(64)
      const listed = {
        ...listedOf(plan),
        audiences: [server],
        combining: [{ name: 'main', audience: server }],
      }
      const terms = { officers: 1, witnesses: 0, listed }
      plan.destinations = []
      expect(lintPlan(plan, terms)).toMatchObject([
        { rule: 'PLAN-47', detail: expect.stringContaining(`main opens answers for the policy`) },
      ])
      expect(rules(plan, { ...listed, combining: [] })).toEqual([])
      plan.destinations = [{ card: server }]
      expect(rules(plan, listed)).toEqual([])
    },
  )

  it('PLAN-47 says nothing of a plan that moves no key', () => {
    const combining = [{ name: 'main', audience: 'c'.repeat(64) }]
    expect(rules(first, { ...listedOf(first), combining })).toEqual([])
  })

  it('PLAN-38 refuses a key and a threshold key of an algorithm that the policy does not list', () => {
    const { algorithms, ...listed } = listedOf(first)
    for (const left of ['AES-256', 'TFHE_INTEGER'])
      expect(
        new Set(rules(first, { ...listed, algorithms: algorithms.filter((one) => one !== left) })),
      ).toEqual(new Set(['PLAN-38']))
  })

  it('PLAN-38 takes a threshold key that is there already, whatever the policy lists for new ones', () => {
    for (const script of ['threshold-decryption', 'resharing'] as const)
      expect(
        rules(planOf(script, 'production').plan, { ...listedOf(life), algorithms: ['AES-256'] }),
      ).not.toContain('PLAN-38')
  })
})
