import { type Plan, type Step, tokenNeeds } from '../../plan/plan.ts'
import { inability } from '../../plan/profiles.ts'
import { keyOf, leavesByWindow, repeated, stepsOf, tokenOf } from '../../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import { stepFacts } from '../facts.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'

/** PLAN-20, PLAN-21: the tokens by themselves. */
export function lintTokens(plan: Plan): PlanRefusal[] {
  const found: PlanRefusal[] = []
  for (const role of repeated(plan.tokens.map((token) => token.role)))
    found.push(planRefusal('PLAN-20', '', `the token role ${role} is listed twice`))
  for (const serial of repeated(
    plan.tokens.map((token) => token.serial).filter((serial) => serial !== 'new'),
  ))
    found.push(planRefusal('PLAN-20', '', `the token ${serial} is listed twice`))
  if (!plan.tokens.some((token) => token.role === 'ceremony'))
    found.push(planRefusal('PLAN-20', '', 'no token has the role ceremony'))
  for (const token of plan.tokens) {
    const steps = stepsOf(plan).filter(
      ({ step }) => step.do === 'initialise-token' && (step.token ?? 'ceremony') === token.role,
    )
    if (token.serial !== 'new') {
      for (const { step } of steps)
        found.push(planRefusal('PLAN-21', step.id, `the token ${token.role} is known as ${token.serial}`))
      continue
    }
    if (token.label === undefined)
      found.push(planRefusal('PLAN-21', '', `the new token ${token.role} has no label`))
    if (steps.length !== 1)
      found.push(
        planRefusal('PLAN-21', '', `the new token ${token.role} is initialised by ${steps.length} steps`),
      )
  }
  return found
}

/** PLAN-73: a token is of a profile, or it is measured and the plan lists what it needs. */
export function lintNeeds(plan: Plan): PlanRefusal[] {
  return needFaults(plan).map((fault) => planRefusal('PLAN-73', '', fault))
}

function needFaults(plan: Plan): string[] {
  return plan.tokens.flatMap(({ role, profile, needs }) => {
    if (profile !== 'measured')
      return needs === undefined ? [] : [`${role} is ${profile}, yet needs are listed`]
    if (needs === undefined || needs.length === 0) return [`${role} is measured, and no need is listed`]
    const inOrder = tokenNeeds.filter((need) => needs.includes(need))
    return inOrder.join() === needs.join()
      ? []
      : [`${role}: the needs are ${inOrder.join(', ')}, in this order`]
  })
}

export function checkToken(plan: Plan, step: Step, at: PlanProgress, refuse: Refuse): void {
  const token = tokenOf(plan, step)
  if (token === undefined) return
  const key = keyOf(plan, step.key)
  const { asks = [], asksForWindow = [], key: keyed } = stepFacts[step.do]
  const window = key !== undefined && leavesByWindow(plan, key)
  const unable = inability(token, window ? [...asks, ...asksForWindow] : asks)
  if (unable !== null) refuse('PLAN-22', unable)
  if (step.do === 'initialise-token') return
  if (!at.initialised.has(token.role)) refuse('PLAN-51', `the token ${token.role} is new`)
  if (step.do === 'log-in') return
  if (!at.loggedIn.has(token.role)) refuse('PLAN-52', `nobody has logged in to the token ${token.role}`)
  if (keyed?.probed === true && !at.probed.has(token.role))
    refuse('PLAN-53', `the token ${token.role} has not been probed`)
}

const roleOf = ({ token = 'ceremony' }: Step): string => token

export const lints = {
  'initialise-token': {
    uses: { token: true },
    change: (_plan, step, at) => void at.initialised.add(roleOf(step)),
  },
  'log-in': {
    uses: { token: true, by: 'person' },
    change: (_plan, step, at) => void at.loggedIn.add(roleOf(step)),
  },
  'probe-token': { uses: { token: true }, change: (_plan, step, at) => void at.probed.add(roleOf(step)) },
  inventory: { uses: { token: true, when: true } },
} satisfies Record<'initialise-token' | 'log-in' | 'probe-token' | 'inventory', StepLint>
