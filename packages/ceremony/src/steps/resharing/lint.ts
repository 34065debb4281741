import { MAX_HOLDERS } from '@lux/crypto/sharing'
import type { Plan, Step } from '../../plan/plan.ts'
import { holdersOf, namesOf, repeated } from '../../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import { isFlooded, sharesKnown } from '../dealing/lint.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'

/** PLAN-42: the next epoch by itself. */
export function lintReshare(plan: Plan): PlanRefusal[] {
  const { reshare, fhe } = plan
  if (reshare === undefined) return []
  if (fhe === undefined) return [planRefusal('PLAN-41', '', 'reshare: the plan has no fhe section')]
  const { kind, t, n, holders, dealers } = reshare
  const found: PlanRefusal[] = []
  const refuse = (detail: string) => found.push(planRefusal('PLAN-42', '', detail))
  if (t < 2 || t > n || n > MAX_HOLDERS) refuse(`${t} of ${n} is no quorum`)
  if (holders.length !== n) refuse(`n = ${n}, but ${holders.length} holders are named`)
  for (const name of repeated(holders)) refuse(`the holder ${name} is named twice`)
  const seated = namesOf(plan, 'holder')
  for (const name of holders) if (!seated.includes(name)) refuse(`${name} is not a holder of the plan`)
  const numbers = dealers.map((name) => fhe.holders.indexOf(name))
  if (numbers.includes(-1)) refuse('somebody re-deals who holds no share')
  if (dealers.length !== fhe.t) refuse(`${dealers.length} re-deal, the old quorum is ${fhe.t}`)
  if (numbers.some((number, at) => at > 0 && number <= (numbers[at - 1] ?? 0)))
    refuse('the dealers are not in the order of their numbers')
  if (fhe.mode === 'F' && !isFlooded(reshare))
    refuse(
      `a key of mode F can move to 2 of 2, 2 of 3 and 3 of 3, not to ${t} of ${n}: its new shares could answer nothing`,
    )
  if (fhe.mode === 'F' && fhe.squash)
    refuse('a canary of mode F leaves the correction of the squash key untried; such a key is of mode S')
  const same = [...holders].sort().join() === [...fhe.holders].sort().join()
  if (kind === 'refresh' && (!same || t !== fhe.t)) refuse('a refresh keeps the people and the quorum')
  const fewer = holders.every((name) => fhe.holders.includes(name)) && n < fhe.n
  if (kind === 'remove' && !fewer) refuse('a removal keeps some of the people and takes others away')
  return found
}

/** Done in the plan's order: whether it may come now, and whether it was done before. */
function inOrder(
  done: 'approved' | 'redealt' | 'assembled' | 'live',
  what: string,
  may: (plan: Plan, at: PlanProgress) => boolean,
): StepLint {
  return {
    opening: true,
    check(plan, step, at, refuse) {
      if (!sharesKnown(plan, at)) refuse('PLAN-57', `${step.do} comes before every holder has a share`)
      if (plan.reshare === undefined) {
        refuse('PLAN-63', 'the plan has no reshare section')
        return
      }
      if (at.fhe[done]) refuse('PLAN-63', `the epoch is ${what} a second time`)
      if (!may(plan, at)) refuse('PLAN-63', `${step.do} comes too early`)
    },
    change(_plan, _step, at) {
      at.fhe[done] = true
    },
  }
}

export const lints = {
  'approve-epoch': inOrder('approved', 'approved', () => true),
  redeal: inOrder('redealt', 're-dealt', (_plan, at) => at.fhe.approved),
  'assemble-epoch': inOrder('assembled', 'assembled', (_plan, at) => at.fhe.redealt),
  'epoch-live': {
    ...inOrder('live', 'live', (plan, at) => at.fhe.canary && allProved(plan, at)),
    checkpoint: true,
  },
} satisfies Record<'approve-epoch' | 'redeal' | 'assemble-epoch' | 'epoch-live', StepLint>

/** Holders of the next epoch acknowledge at the same kind of step as those of the first. */
export const nextAcknowledgements = {
  check(plan: Plan, step: Step, at: PlanProgress, refuse: Refuse): void {
    if (!at.fhe.assembled) return
    const again = nextHolders(plan, step).filter((name) => at.fhe.acknowledged.has(name))
    if (again.length > 0) refuse('PLAN-60', `${again.join(', ')} would acknowledge twice`)
  },
  change(plan: Plan, step: Step, at: PlanProgress): void {
    if (!at.fhe.assembled) return
    for (const name of nextHolders(plan, step)) at.fhe.acknowledged.add(name)
  },
} satisfies StepLint

export function notLive({ reshare }: Plan, at: PlanProgress, refuse: Refuse): void {
  if (reshare !== undefined && !at.fhe.live) refuse('PLAN-63', 'no step declares the next epoch live')
}

function nextHolders(plan: Plan, step: Step): string[] {
  return step.holder === undefined ? (plan.reshare?.holders ?? []) : holdersOf(plan, step)
}

/** Every holder of the next epoch proved the share. */
export function allProved(plan: Plan, { fhe }: PlanProgress): boolean {
  return fhe.assembled && (plan.reshare?.holders ?? []).every((name) => fhe.acknowledged.has(name))
}
