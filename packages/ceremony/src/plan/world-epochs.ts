import type { Plan, Step, StepKind } from './plan.ts'
import { decryptionOf, holdersOf } from './queries.ts'
import type { PlanRule } from './rules.ts'

/** How far decryptions and the next epoch are, when a plan is run in thought. */
export type FheWorld = {
  /** Steps done, by decryption. */
  decryptions: Map<string, StepKind[]>
  approved: boolean
  redealt: boolean
  assembled: boolean
  /** Holders of the next epoch who acknowledged. */
  acknowledged: Set<string>
  canary: boolean
  live: boolean
}

type Refuse = (rule: PlanRule, detail: string) => void

/** Steps about one decryption, in the order in which they come. */
export const ofDecryption: readonly StepKind[] = [
  'take-request',
  'approve-request',
  'answer-request',
  'take-result',
]
export const ofEpochs: readonly StepKind[] = [
  ...ofDecryption,
  'approve-epoch',
  'redeal',
  'assemble-epoch',
  'epoch-live',
]

export function startOf(plan: Plan): FheWorld {
  return {
    decryptions: new Map((plan.decryptions ?? []).map(({ id }) => [id, []])),
    approved: false,
    redealt: false,
    assembled: false,
    acknowledged: new Set(),
    canary: false,
    live: false,
  }
}

/** `known`: every holder of the old epoch has a share. */
export function checkEpochs(
  plan: Plan,
  step: Step,
  world: FheWorld & { known: boolean },
  refuse: Refuse,
): void {
  if (!ofEpochs.includes(step.do)) {
    if (step.do === 'acknowledge-holder' && world.assembled) {
      const again = nextHolders(plan, step).filter((name) => world.acknowledged.has(name))
      if (again.length > 0) refuse('PLAN-60', `${again.join(', ')} would acknowledge twice`)
    }
    return
  }
  if (!world.known) refuse('PLAN-57', `${step.do} comes before every holder has a share`)
  if (ofDecryption.includes(step.do)) {
    checkDecryption(plan, step, world, refuse)
    return
  }
  if (plan.reshare === undefined) {
    refuse('PLAN-63', 'the plan has no reshare section')
    return
  }
  const order: Partial<Record<StepKind, [boolean, boolean, string]>> = {
    'approve-epoch': [true, world.approved, 'approved'],
    redeal: [world.approved, world.redealt, 're-dealt'],
    'assemble-epoch': [world.redealt, world.assembled, 'assembled'],
    'epoch-live': [world.canary && allProved(plan, world), world.live, 'live'],
  }
  const [may, done, what] = order[step.do] ?? [false, false, '']
  if (done) refuse('PLAN-63', `the epoch is ${what} a second time`)
  if (!may) refuse('PLAN-63', `${step.do} comes too early`)
}

function checkDecryption(plan: Plan, step: Step, world: FheWorld, refuse: Refuse): void {
  const decryption = decryptionOf(plan, step.decryption)
  if (decryption === undefined) return
  const done = world.decryptions.get(decryption.id) ?? []
  const wanted = ofDecryption.filter((kind) => kind !== 'approve-request' || decryption.canary !== true)
  const next = wanted[done.length]
  if (next !== step.do)
    refuse('PLAN-62', `${step.do} of ${decryption.id} stands where ${next ?? 'nothing'} belongs`)
  // From the approvals on no old share answers (HOLDER-LEAVING), and no new one before its epoch is live.
  if (decryption.canary === true) {
    const other = [...world.decryptions].some(
      ([id, steps]) => id !== decryption.id && steps.length > 0 && decryptionOf(plan, id)?.canary === true,
    )
    if (other) refuse('PLAN-62', `the canary ${decryption.id} is the second of its epoch`)
    if (!allProved(plan, world) || world.live)
      refuse(
        'PLAN-62',
        `the canary ${decryption.id} is tried once every new holder proved the share, before the epoch is live`,
      )
  } else if (world.approved && !world.live) refuse('PLAN-62', `${decryption.id} stands between two epochs`)
}

export function changeEpochs(plan: Plan, step: Step, world: FheWorld): void {
  if (step.do === 'acknowledge-holder' && world.assembled)
    for (const name of nextHolders(plan, step)) world.acknowledged.add(name)
  if (ofDecryption.includes(step.do) && step.decryption !== undefined)
    world.decryptions.get(step.decryption)?.push(step.do)
  const canary = decryptionOf(plan, step.decryption)?.canary === true
  if (step.do === 'take-result' && canary) world.canary = true
  if (step.do === 'approve-epoch') world.approved = true
  if (step.do === 'redeal') world.redealt = true
  if (step.do === 'assemble-epoch') world.assembled = true
  if (step.do === 'epoch-live') world.live = true
}

/** What the plan announces and no step ends. */
export function unfinished(plan: Plan, world: FheWorld): [PlanRule, string][] {
  const found: [PlanRule, string][] = []
  for (const [id, done] of world.decryptions)
    if (done.at(-1) !== 'take-result') found.push(['PLAN-62', `no step takes the result of ${id}`])
  if (plan.reshare !== undefined && !world.live)
    found.push(['PLAN-63', 'no step declares the next epoch live'])
  return found
}

function nextHolders(plan: Plan, step: Step): string[] {
  return step.holder === undefined ? (plan.reshare?.holders ?? []) : holdersOf(plan, step)
}

function allProved(plan: Plan, world: FheWorld): boolean {
  return world.assembled && (plan.reshare?.holders ?? []).every((name) => world.acknowledged.has(name))
}
