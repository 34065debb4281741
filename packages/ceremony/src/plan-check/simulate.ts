import type { Plan, Step, StepKind } from '../plan/plan.ts'
import { inability, unreplicable } from '../plan/profiles.ts'
import {
  ancestorsOf,
  ceremonyKeyId,
  decryptionOf,
  holdersOf,
  isVoucher,
  keyOf,
  leavesByWindow,
  namesOf,
  stepsOf,
  tokenOf,
  vendorWayOf,
} from '../plan/queries.ts'
import { type PlanRefusal, type PlanRule, planRefusal } from '../plan/rules.ts'
import { attestFaults } from '../plan/world-attest.ts'
import {
  changeEpochs,
  checkEpochs,
  type FheWorld,
  ofDecryption,
  ofEpochs,
  startOf,
  unfinished,
} from '../plan/world-epochs.ts'

type World = {
  initialised: Set<string>
  loggedIn: Set<string>
  probed: Set<string>
  ceremonyKey: boolean
  opened: boolean
  keys: Set<string>
  /** Keys whose possession proof is made, and by token's role the roots that were brought into it. */
  proved: Set<string>
  replicas: Set<string>
  /** Keys that were attested; `ceremony` is the ceremony key. */
  attested: Set<string>
  /** Role of the token that holds the root. */
  home: string
  dealt: boolean
  acknowledged: Set<string>
  fhe: FheWorld
  ended: StepKind[]
}

type Refuse = (rule: PlanRule, detail: string) => void

const onToken: readonly StepKind[] = [
  'initialise-token',
  'log-in',
  'probe-token',
  'inventory',
  'make-ceremony-key',
  'generate-root',
  'read-back',
  'generate-key',
  'prove-possession',
  'replicate-root',
  'attest',
]

const onKey: readonly StepKind[] = [
  'generate-root',
  'read-back',
  'generate-key',
  'prove-possession',
  'replicate-root',
]

const ending: readonly StepKind[] = ['seal', 'export', 'receipt', 'close']

/** Steps after which a checkpoint is made. */
export const checkpointing: readonly StepKind[] = [
  'open-run',
  'checkpoint',
  'generate-root',
  'generate-key',
  'replicate-root',
  'fhe-deal',
  'epoch-live',
  'seal',
]

/** Runs the plan in thought, step by step, and says which step could not be done, and why. */
export function lintSteps(plan: Plan): PlanRefusal[] {
  const found: PlanRefusal[] = []
  const world: World = {
    initialised: new Set(plan.tokens.filter((token) => token.serial !== 'new').map((token) => token.role)),
    loggedIn: new Set(),
    probed: new Set(),
    ceremonyKey: false,
    opened: false,
    keys: new Set(plan.keys.filter((key) => key.existing !== undefined).map((key) => key.id)),
    proved: new Set(),
    replicas: new Set(),
    attested: new Set(),
    home: 'ceremony',
    dealt: plan.fhe?.existing !== undefined,
    acknowledged: new Set(plan.fhe?.existing === undefined ? [] : plan.fhe.holders),
    fhe: startOf(plan),
    ended: [],
  }
  for (const { step } of stepsOf(plan)) {
    const refuse: Refuse = (rule, detail) => found.push(planRefusal(rule, step.id, detail))
    checkEntries(plan, step, refuse)
    checkWorld(plan, step, world, refuse)
    change(plan, step, world)
  }
  for (const key of plan.keys)
    if (!world.keys.has(key.id)) found.push(planRefusal('PLAN-33', '', `no step makes the key ${key.id}`))
  for (const [rule, detail] of unfinished(plan, world.fhe)) found.push(planRefusal(rule, '', detail))
  if (plan.fhe !== undefined && !world.dealt)
    found.push(planRefusal('PLAN-57', '', `no step deals the key ${plan.fhe.id}`))
  const needed: StepKind[] = ['seal', 'export', 'receipt', 'close']
  // Without destinations nobody gives a receipt: the step may be left out, and a run skips it.
  const allowed =
    plan.destinations.length > 0 ? [needed] : [needed, needed.filter((kind) => kind !== 'receipt')]
  if (!allowed.some((order) => order.join() === world.ended.join()))
    found.push(
      planRefusal(
        'PLAN-59',
        '',
        `the end is ${world.ended.join(', ') || 'missing'}, expected ${needed.join(', ')}`,
      ),
    )
  return found
}

function checkEntries(plan: Plan, step: Step, refuse: Refuse): void {
  if (namesOf(plan, step.actor).length === 0) refuse('PLAN-13', `nobody is ${step.actor}`)
  const misused = (entry: string, fits: boolean) => {
    if (!fits) refuse('PLAN-60', `${step.do} does not use ${entry}`)
  }
  if (step.token !== undefined) misused('token', onToken.includes(step.do))
  if (step.key !== undefined) misused('key', onKey.includes(step.do) || step.do === 'attest')
  if (step.holder !== undefined) misused('holder', step.do === 'acknowledge-holder')
  if (step.when !== undefined) misused('when', step.do === 'inventory')
  if (step.by !== undefined) misused(`by: ${step.by}`, step.do === (isVoucher(step.by) ? 'attest' : 'log-in'))
  if (step.decryption !== undefined) misused('decryption', ofDecryption.includes(step.do))
  if (ofDecryption.includes(step.do) && decryptionOf(plan, step.decryption) === undefined)
    refuse('PLAN-60', `${step.decryption ?? 'nothing'} is no decryption of the plan`)
  if (step.values !== undefined)
    misused(
      'values',
      ['confirm', 'roll-call', 'read-aloud', 'clock-check', 'measure-machine', 'replicate-root'].includes(
        step.do,
      ),
    )
  const ids = (step.values ?? []).map((value) => value.id)
  if (new Set(ids).size !== ids.length) refuse('PLAN-60', 'a value is asked for twice')
  if (onKey.includes(step.do) && keyOf(plan, step.key) === undefined)
    refuse(
      'PLAN-60',
      step.key === undefined ? `${step.do} names no key` : `${step.key} is no key of the plan`,
    )
  const holders = [...(plan.fhe?.holders ?? []), ...(plan.reshare?.holders ?? [])]
  if (step.holder !== undefined && !holders.includes(step.holder))
    refuse('PLAN-60', `${step.holder} holds no share of the plan`)
  if (step.do === 'make-ceremony-key' && step.token !== undefined && step.token !== 'ceremony')
    refuse('PLAN-54', `the ceremony key is made on the token ${step.token}`)
}

function checkWorld(plan: Plan, step: Step, world: World, refuse: Refuse): void {
  const token = tokenOf(plan, step)
  if (onToken.includes(step.do) && token === undefined)
    refuse('PLAN-20', `no token has the role ${step.token ?? 'ceremony'}`)
  if (onToken.includes(step.do) && token !== undefined) checkToken(plan, step, world, refuse)
  const needsOpening =
    checkpointing.includes(step.do) ||
    onKey.includes(step.do) ||
    step.do === 'attest' ||
    step.do === 'acknowledge-holder' ||
    ofEpochs.includes(step.do)
  if (step.do === 'open-run') {
    if (!world.ceremonyKey) refuse('PLAN-54', 'the run is opened with the ceremony key')
    if (world.opened) refuse('PLAN-55', 'the run is opened a second time')
  } else if (needsOpening && !world.opened) refuse('PLAN-55', `${step.do} comes before the opening`)
  if (step.do === 'make-ceremony-key' && world.ceremonyKey)
    refuse('PLAN-54', 'the ceremony key is made a second time')
  checkKey(plan, step, world, refuse)
  checkReplica(plan, step, world, refuse)
  if (step.do === 'attest') for (const fault of attestFaults(plan, step, world)) refuse('PLAN-35', fault)
  checkShares(plan, step, world, refuse)
  checkEpochs(plan, step, { ...world.fhe, known: sharesKnown(plan, world) }, refuse)
  if (world.ended.length > 0 && !ending.includes(step.do)) refuse('PLAN-59', `${step.do} comes after seal`)
}

function checkToken(plan: Plan, step: Step, world: World, refuse: Refuse): void {
  const token = tokenOf(plan, step)
  if (token === undefined) return
  const key = keyOf(plan, step.key)
  const unable = inability(token.profile, step.do, key !== undefined && leavesByWindow(plan, key))
  if (unable !== null) refuse('PLAN-22', unable)
  if (step.do === 'initialise-token') return
  if (!world.initialised.has(token.role)) refuse('PLAN-51', `the token ${token.role} is new`)
  if (step.do === 'log-in') return
  if (!world.loggedIn.has(token.role)) refuse('PLAN-52', `nobody has logged in to the token ${token.role}`)
  const makes = ['make-ceremony-key', 'generate-root', 'generate-key', 'replicate-root'].includes(step.do)
  if (makes && !world.probed.has(token.role)) refuse('PLAN-53', `the token ${token.role} has not been probed`)
}

function checkKey(plan: Plan, step: Step, world: World, refuse: Refuse): void {
  const key = keyOf(plan, step.key)
  if (!onKey.includes(step.do) || key === undefined) return
  if (step.do === 'generate-root' || step.do === 'generate-key') {
    if ((step.do === 'generate-root') !== (key.level === 'root'))
      refuse('PLAN-33', `${step.do} does not make the ${key.level} key ${key.id}`)
    if (world.keys.has(key.id)) refuse('PLAN-33', `${key.id} is made a second time`)
    for (const { id } of ancestorsOf(plan, key))
      if (!world.keys.has(id)) refuse('PLAN-56', `${id}, above ${key.id}, is not made yet`)
  } else if (!world.keys.has(key.id)) refuse('PLAN-56', `${key.id} is not made yet`)
  if (step.do === 'read-back' && key.level !== 'root')
    refuse('PLAN-60', `${key.id} is not kept in the token, so it cannot be read back`)
  if (step.do === 'prove-possession' && key.level === 'data')
    refuse('PLAN-60', `${key.id} wraps no key, so it has no possession proof`)
}

function checkReplica(plan: Plan, step: Step, world: World, refuse: Refuse): void {
  const key = keyOf(plan, step.key)
  if (step.do !== 'replicate-root' || key === undefined) return
  const way = vendorWayOf(key)
  const to = tokenOf(plan, step)
  if (key.level !== 'root' || way === null) {
    refuse('PLAN-34', `${key.id} has no vendor’s way of replication`)
    return
  }
  if (!world.proved.has(key.id)) refuse('PLAN-34', `${key.id} is not proved on its own token before`)
  if (to === undefined) return
  if (to.role === world.home) refuse('PLAN-34', `${key.id} is in the token ${to.role} already`)
  if (world.replicas.has(to.role)) refuse('PLAN-34', `${key.id} comes into the token ${to.role} twice`)
  const from = plan.tokens.find(({ role }) => role === world.home)
  for (const token of [from, to])
    if (token?.serial === 'new')
      refuse(
        'PLAN-34',
        `the token ${token.role} is new, but its vendor’s tool sets what it shares with others`,
      )
  const unable = from === undefined ? null : unreplicable(from.profile, to.profile, way)
  if (unable !== null) refuse('PLAN-22', unable)
}

function checkShares(plan: Plan, step: Step, world: World, refuse: Refuse): void {
  if (step.do === 'fhe-deal') {
    if (plan.fhe === undefined) refuse('PLAN-57', 'the plan has no fhe section')
    if (plan.fhe?.existing !== undefined) refuse('PLAN-57', 'the key was dealt in an earlier ceremony')
    else if (world.dealt) refuse('PLAN-57', 'the key is dealt a second time')
  }
  if (step.do === 'acknowledge-holder' && !world.fhe.assembled) {
    if (!world.dealt) refuse('PLAN-57', 'nothing is dealt yet')
    const again = holdersOf(plan, step).filter((name) => world.acknowledged.has(name))
    if (again.length > 0) refuse('PLAN-60', `${again.join(', ')} would acknowledge twice`)
  }
  if (step.do === 'seal' && plan.fhe !== undefined) {
    const missing = plan.fhe.holders.filter((name) => !world.acknowledged.has(name))
    if (missing.length > 0) refuse('PLAN-58', `not proved by ${missing.join(', ')}`)
  }
}

function sharesKnown(plan: Plan, world: World): boolean {
  return world.dealt && (plan.fhe?.holders ?? []).every((name) => world.acknowledged.has(name))
}

function change(plan: Plan, step: Step, world: World): void {
  const token = step.token ?? 'ceremony'
  if (step.do === 'initialise-token') world.initialised.add(token)
  if (step.do === 'log-in') world.loggedIn.add(token)
  if (step.do === 'probe-token') world.probed.add(token)
  if (step.do === 'make-ceremony-key') world.ceremonyKey = true
  if (step.do === 'open-run') world.opened = true
  if ((step.do === 'generate-root' || step.do === 'generate-key') && step.key !== undefined)
    world.keys.add(step.key)
  if (step.do === 'generate-root') world.home = token
  if (step.do === 'prove-possession' && step.key !== undefined) world.proved.add(step.key)
  if (step.do === 'replicate-root') world.replicas.add(token)
  if (step.do === 'attest') world.attested.add(step.key ?? ceremonyKeyId)
  if (step.do === 'fhe-deal') world.dealt = true
  if (step.do === 'acknowledge-holder' && !world.fhe.assembled)
    for (const name of holdersOf(plan, step)) world.acknowledged.add(name)
  changeEpochs(plan, step, world.fhe)
  if (ending.includes(step.do)) world.ended.push(step.do)
}
