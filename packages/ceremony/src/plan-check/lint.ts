import { newest } from '../documents/format/versions.ts'
import type { LintTerms } from '../plan/lint-terms.ts'
import type { Plan, Step } from '../plan/plan.ts'
import { repeated, stepsOf } from '../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../plan/rules.ts'
import { evidenceLint, lintBackups, lintNeeds, sectionLints, stepLints } from '../steps/lint.ts'
import type { StepLint } from '../steps/plan-progress.ts'
import { lintListed, lintPeople, lintRenewals } from './people.ts'
import { lintSteps } from './simulate.ts'

/**
 * Every reason why the plan could not run to its end, the first one first; empty when there is none. Never throws.
 * `terms` are the policy's; without them nothing is said of how many people it asks for, whom it names and of its evidence, but that
 * a run wants an officer.
 */
export function lintPlan(plan: Plan, terms?: LintTerms): PlanRefusal[] {
  return [
    ...lintVersion(plan),
    ...lintUnwritten(plan, terms),
    ...lintOrganisation(plan, terms),
    ...lintPeople(plan, terms),
    ...sectionLints.flatMap((lint) => lint(plan, terms)),
    ...lintRenewals(plan),
    ...lintBackups(plan),
    ...lintLinks(plan),
    ...lintNeeds(plan),
    ...lintIds(plan),
    ...lintSteps(plan),
    ...lintListed(plan, terms?.listed),
    ...evidenceLint(plan, terms),
  ]
}

/** PLAN-79: plans of before are read, and their runs go on; none is begun. */
function lintVersion({ v }: Plan): PlanRefusal[] {
  return v === newest
    ? []
    : [planRefusal('PLAN-79', '', `the plan is of version ${v}, and runs begin in version ${newest}`)]
}

/** PLAN-80: no run of this program writes these facts, so its bundle would be refused, after its keys were made. */
function lintUnwritten({ image, tokens }: Plan, terms?: LintTerms): PlanRefusal[] {
  const machine = terms?.machine ?? 'M0'
  const asked = [
    ...(image === undefined ? [] : ['the plan names an image']),
    ...tokens.flatMap(({ role, shim, device }) => [
      ...(shim === undefined ? [] : [`the token ${role} names a shim`]),
      ...(device === undefined ? [] : [`the token ${role} names a device`]),
    ]),
    ...(machine === 'M0' ? [] : [`the policy asks for a machine of ${machine}`]),
  ]
  return asked.map((what) => planRefusal('PLAN-80', '', `${what}, and no run shows it yet`))
}

/** PLAN-81: papers and screens name the plan's organisation, and whoever signs is of the policy's. */
function lintOrganisation({ organisation: { id } }: Plan, terms?: LintTerms): PlanRefusal[] {
  const its = terms?.organisation ?? id
  return its === id ? [] : [planRefusal('PLAN-81', '', `the plan is of ${id}, its policy of ${its}`)]
}

function lintIds(plan: Plan): PlanRefusal[] {
  const steps = stepsOf(plan).map(({ step }) => step)
  const found = repeated(steps.map((step) => step.id)).map((id) =>
    planRefusal('PLAN-50', id, `the id ${id} stands twice`),
  )
  // Events that belong to no step carry this id in the transcript.
  if (steps.some((step) => step.id === 'run'))
    found.push(planRefusal('PLAN-50', 'run', 'the id run is taken'))
  for (const id of plan.checkpoints.live) {
    const step = steps.find((candidate) => candidate.id === id)
    if (step === undefined || !makesCheckpoint(step))
      found.push(planRefusal('PLAN-61', id, `${id} makes no checkpoint`))
  }
  return found
}

/**
 * What a plan may do, and whoever reviews or approves it should still know; no reason against it. PLAN-45 a key is dealt
 * under which nothing that is encrypted later can be opened. THRESHOLD-FHE section 5, docs/adr/0005.
 */
export function warnPlan({ fhe }: Plan): PlanRefusal[] {
  if (fhe === undefined || fhe.existing !== undefined || fhe.mode === 'S') return []
  return [
    planRefusal(
      'PLAN-45',
      '',
      `${fhe.id} is of mode F: its holders open only what was encrypted with the client key, and nobody has that once it is dealt`,
    ),
  ]
}

function makesCheckpoint(step: Step): boolean {
  const lint: StepLint = stepLints[step.do]
  return lint.checkpoint === true
}

/** PLAN-72: the earlier keys and the next policy that a plan names. */
function lintLinks(plan: Plan): PlanRefusal[] {
  return linkFaults(plan).map((fault) => planRefusal('PLAN-72', '', fault))
}

function linkFaults(plan: Plan): string[] {
  const faults: string[] = []
  const links = [...plan.keys.flatMap(({ replaces }) => replaces ?? []), ...(plan.revokes ?? [])]
  const named = links.map(({ bundle, id, version }) => `${id} ${version} of the bundle ${bundle}`)
  for (const one of new Set(named.filter((name, at) => named.indexOf(name) !== at)))
    faults.push(`${one} is replaced or revoked twice`)
  for (const { id, level, version = 1, replaces, existing } of plan.keys) {
    if (existing !== undefined && (replaces !== undefined || version !== 1))
      faults.push(`${id} is there already, so it comes in no other key’s place`)
    else if (version !== (replaces?.version ?? 0) + 1)
      faults.push(`${id} is version ${version}, and ${replaces?.version ?? 'none'} is before it`)
    if (level !== 'root' && replaces !== undefined && replaces.id !== id)
      faults.push(`${id} is no version of ${replaces.id}: below a root a key keeps its id`)
  }
  if (plan.nextPolicy === plan.policy) faults.push('the next policy is the one under which the plan runs')
  return faults
}
