import type { Plan, StepKind } from '../../plan/plan.ts'
import { checkProved } from '../dealing/lint.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'

const needed: readonly StepKind[] = ['seal', 'export', 'receipt', 'close']

const ends = {
  ends: true,
  change: (_plan, step, at) => void at.ended.push(step.do),
} satisfies StepLint

export const lints = {
  seal: {
    ...ends,
    opening: true,
    checkpoint: true,
    check: (plan, _step, at, refuse) => checkProved(plan, at, refuse),
  },
  export: ends,
  receipt: ends,
  close: ends,
} satisfies Record<'seal' | 'export' | 'receipt' | 'close', StepLint>

export function notEnded(plan: Plan, { ended }: PlanProgress, refuse: Refuse): void {
  // Without destinations nobody gives a receipt: the step may be left out, and a run skips it.
  const allowed =
    plan.destinations.length > 0 ? [needed] : [needed, needed.filter((kind) => kind !== 'receipt')]
  if (!allowed.some((order) => order.join() === ended.join()))
    refuse('PLAN-59', `the end is ${ended.join(', ') || 'missing'}, expected ${needed.join(', ')}`)
}
