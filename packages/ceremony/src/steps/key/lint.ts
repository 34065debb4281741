import type { Plan, PlannedKey, Step } from '../../plan/plan.ts'
import {
  ancestorsOf,
  hasWindowTargets,
  keyOf,
  leavesByWindow,
  levelOrder,
  repeated,
  stepsOf,
  vendorWayOf,
} from '../../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'

/** PLAN-30 to PLAN-32: the keys by themselves. */
export function lintKeys(plan: Plan): PlanRefusal[] {
  const found: PlanRefusal[] = []
  for (const id of repeated(plan.keys.map((key) => key.id)))
    found.push(planRefusal('PLAN-30', '', `the key ${id} is listed twice`))
  const roots = plan.keys.filter((key) => key.level === 'root')
  if (plan.keys.length > 0 && roots.length !== 1)
    found.push(planRefusal('PLAN-30', '', `the plan has ${roots.length} root keys`))
  for (const key of plan.keys) {
    const fault = parentFault(plan, key)
    if (fault !== null) found.push(planRefusal('PLAN-30', '', fault))
    if (key.level !== 'data' && key.algorithm !== 'AES-256')
      found.push(planRefusal('PLAN-31', '', `the ${key.level} key ${key.id} is ${key.algorithm}`))
    if (key.level !== 'root' && (key.replication !== undefined || key.existing !== undefined))
      found.push(
        planRefusal('PLAN-32', '', `${key.id} is no root, so it has no replication and is not existing`),
      )
  }
  const [root] = roots
  if (root !== undefined && vendorWayOf(root) !== null) {
    if (hasWindowTargets(plan, root))
      found.push(
        planRefusal('PLAN-32', '', `${root.id} goes by the vendor’s way, yet destinations are listed`),
      )
    const brought = stepsOf(plan).some(({ step }) => step.do === 'replicate-root' && step.key === root.id)
    if (!brought && plan.destinations.length === 0)
      found.push(
        planRefusal('PLAN-34', '', `no step brings ${root.id} into another token, and no server adopts it`),
      )
  }
  if (root !== undefined && root.existing === undefined && vendorWayOf(root) === null) {
    const window = leavesByWindow(plan, root)
    if (window && !hasWindowTargets(plan, root))
      found.push(planRefusal('PLAN-32', '', `${root.id} has a trusted window and there is no destination`))
    if (!window && (plan.destinations.length > 0 || hasWindowTargets(plan, root)))
      found.push(planRefusal('PLAN-32', '', `${root.id} stays in its token, yet destinations are listed`))
    for (const { card } of plan.destinations.filter(({ transport }) => window && transport === undefined))
      found.push(
        planRefusal(
          'PLAN-32',
          '',
          `${root.id} cannot come to the server ${card}, which has no transport key`,
        ),
      )
  }
  // A bundle of version 1 names one audience; each receipt shows the root in the one node that its server has.
  const count = plan.destinations.length
  for (const card of repeated(plan.destinations.map(({ card }) => card)))
    found.push(planRefusal('PLAN-32', '', `the server ${card} is listed twice`))
  if (plan.v === 1 && count > 1)
    found.push(
      planRefusal(
        'PLAN-32',
        '',
        `${count} destinations are listed, and a bundle of version 1 is for one server with one node`,
      ),
    )
  return found
}

function parentFault(plan: Plan, key: PlannedKey): string | null {
  if (key.level === 'root') return key.parent === undefined ? null : `the root ${key.id} has a parent`
  const parent = plan.keys.find((other) => other.id === key.parent)
  if (parent === undefined)
    return `the parent of ${key.id} is ${key.parent ?? 'not named'}, which is no key of the plan`
  if (levelOrder[parent.level] === levelOrder[key.level] - 1) return null
  return `${key.id} is a ${key.level} key under the ${parent.level} key ${parent.id}`
}

export function checkKey(plan: Plan, step: Step, at: PlanProgress, refuse: Refuse): void {
  const key = keyOf(plan, step.key)
  if (key === undefined) return
  if (step.do === 'generate-root' || step.do === 'generate-key') {
    if ((step.do === 'generate-root') !== (key.level === 'root'))
      refuse('PLAN-33', `${step.do} does not make the ${key.level} key ${key.id}`)
    if (at.keys.has(key.id)) refuse('PLAN-33', `${key.id} is made a second time`)
    for (const { id } of ancestorsOf(plan, key))
      if (!at.keys.has(id)) refuse('PLAN-56', `${id}, above ${key.id}, is not made yet`)
    // Each makes its transport pair in this step, right before the window.
    for (const role of key.spares ?? []) {
      if (!at.loggedIn.has(role)) refuse('PLAN-52', `nobody has logged in to the token ${role}`)
      if (!at.probed.has(role)) refuse('PLAN-53', `the token ${role} has not been probed`)
    }
  } else if (!at.keys.has(key.id)) refuse('PLAN-56', `${key.id} is not made yet`)
  if (step.do === 'read-back' && key.level !== 'root')
    refuse('PLAN-60', `${key.id} is not kept in the token, so it cannot be read back`)
  if (step.do === 'prove-possession' && key.level === 'data')
    refuse('PLAN-60', `${key.id} wraps no key, so it has no possession proof`)
}

const makes = { uses: { token: true, key: true }, opening: true, check: checkKey } satisfies StepLint

export const lints = {
  'generate-root': {
    ...makes,
    checkpoint: true,
    change(_plan, { key, token = 'ceremony' }, at) {
      if (key !== undefined) at.keys.add(key)
      at.home = token
    },
  },
  'read-back': makes,
  'generate-key': {
    ...makes,
    checkpoint: true,
    change(_plan, { key }, at) {
      if (key !== undefined) at.keys.add(key)
    },
  },
  'prove-possession': {
    ...makes,
    change(_plan, { key }, at) {
      if (key !== undefined) at.proved.add(key)
    },
  },
} satisfies Record<'generate-root' | 'read-back' | 'generate-key' | 'prove-possession', StepLint>

/** Spares that no step brings the root into. */
export function unspared(plan: Plan, at: PlanProgress, refuse: Refuse): void {
  for (const { id, spares = [] } of plan.keys)
    for (const role of spares)
      if (!at.replicas.has(role)) refuse('PLAN-34', `no step brings ${id} into the spare token ${role}`)
}

export function unmade(plan: Plan, at: PlanProgress, refuse: Refuse): void {
  for (const key of plan.keys) if (!at.keys.has(key.id)) refuse('PLAN-33', `no step makes the key ${key.id}`)
}
