import type { Plan, Step } from '../../plan/plan.ts'
import { unfitAsSpare, unreplicable } from '../../plan/profiles.ts'
import { keyOf, tokenOf, wayInto } from '../../plan/queries.ts'
import { checkKey } from '../key/lint.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'

function checkReplica(plan: Plan, step: Step, at: PlanProgress, refuse: Refuse): void {
  const key = keyOf(plan, step.key)
  if (key === undefined) return
  const way = wayInto(key, step.token ?? 'ceremony')
  const to = tokenOf(plan, step)
  if (key.level !== 'root' || way === null) {
    refuse('PLAN-34', `${key.id} has no way into the token ${step.token ?? 'ceremony'}`)
    return
  }
  if (!at.proved.has(key.id)) refuse('PLAN-34', `${key.id} is not proved on its own token before`)
  if (to === undefined) return
  if (to.role === at.home) refuse('PLAN-34', `${key.id} is in the token ${to.role} already`)
  if (at.replicas.has(to.role)) refuse('PLAN-34', `${key.id} comes into the token ${to.role} twice`)
  if (way === 'trusted-window') {
    const unfit = unfitAsSpare(to)
    if (unfit !== null) refuse('PLAN-22', unfit)
    return
  }
  const from = plan.tokens.find(({ role }) => role === at.home)
  for (const token of [from, to])
    if (token?.serial === 'new')
      refuse(
        'PLAN-34',
        `the token ${token.role} is new, but its vendor’s tool sets what it shares with others`,
      )
  const unable = from === undefined ? null : unreplicable(from, to, way)
  if (unable !== null) refuse('PLAN-22', unable)
}

export const lints = {
  'replicate-root': {
    uses: { token: true, key: true, values: true },
    opening: true,
    checkpoint: true,
    check(plan, step, at, refuse) {
      checkKey(plan, step, at, refuse)
      checkReplica(plan, step, at, refuse)
    },
    change: (_plan, { token = 'ceremony' }, at) => void at.replicas.add(token),
  },
} satisfies Record<'replicate-root', StepLint>
