import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type LintTerms,
  lintCards,
  lintPlan,
  maxPlanBytes,
  type Plan,
  type PlanRefusal,
  readPlan,
  readScript,
  unendedLine,
  warnPlan,
} from '@lux/ceremony/plan'
import { expiryWarnings, policyDigest } from '@lux/ceremony/policy'
import type { Card } from '@lux/ceremony/wire'
import { readBounded } from '@lux/node-files'
import { lintTermsOf } from '../../core/runs/begin/policy-terms.ts'
import { besidePlan } from '../../core/runs/begin/production-files.ts'
import { systemClock } from '../../core/system.ts'
import { readCard, readPolicy } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { refusalHelp } from '../shell/refusal-help.ts'
import { WrongUse } from '../shell/wrong-use.ts'

/** What only a plan's policy can tell. */
const ofThePolicy = [
  'how many officers and witnesses have to be seated',
  'what evidence each key needs, and from which root certificates',
  'whether it is the policy that the plan names',
  'whether it lists the people, the server and the algorithms of the plan',
] as const

/**
 * Every reason why a plan could not run to its end, by the plan itself, the cards in cards/ beside it and, where it is given,
 * the policy; without one it says what was not judged. Errors: FILE-….
 */
export function lint(paths: readonly string[], policyPath: string | undefined): Outcome {
  const policy = policyPath === undefined ? null : readPolicy(policyPath).policy
  const terms = policy === null ? undefined : lintTermsOf(policy)
  const plans = paths.map((path) => {
    const bytes = readBounded(path, maxPlanBytes)
    const read = readPlan(bytes)
    if (!read.ok && readScript(bytes).ok)
      throw new WrongUse('PLAN-SCRIPT', `${path} is a script with blanks, and no plan yet`)
    const found = read.ok ? lintWhole(read.plan, bytes, { terms, path }) : read.refusals
    const refusals: Told[] = found.map(told)
    if (read.ok && policy !== null && read.plan.policy !== policyDigest(policy))
      refusals.push(
        told({ rule: 'POLICY-DIGEST', step: '', detail: `the plan names the policy ${read.plan.policy}` }),
      )
    const warnings = read.ok ? warnPlan(read.plan).map(told) : []
    return { file: path, hash: read.ok ? read.hash : null, refusals, warnings }
  })
  const first = plans.find(({ refusals }) => refusals.length > 0)?.refusals[0]
  const sound = policy === null ? 'in order, as far as a plan is judged without its policy' : 'in order'
  const text = plans.flatMap(({ file, refusals, warnings }) => [
    ...(refusals.length === 0 ? [`${file}: ${sound}`] : []),
    ...refusals.map(({ rule, step, detail, remedy }) =>
      [
        `${file}: ${rule}${step === '' ? '' : ` (${step})`}: ${detail}`,
        ...(remedy ? [`  ${remedy}`] : []),
      ].join('\n'),
    ),
    ...warningLines(warnings).map((line) => `${file}: ${line}`),
  ])
  const late = policy === null ? [] : expiryWarnings(policy, systemClock.now())
  text.push(...late)
  const notJudged = policy === null ? ofThePolicy : []
  const json =
    first === undefined
      ? { ok: true, plans, warnings: late, notJudged }
      : { ok: false, code: first.rule, detail: first.detail, plans, warnings: late, notJudged }
  if (policy === null) text.push(`not judged without --policy: ${ofThePolicy.join('; ')}`)
  return { exit: first === undefined ? 0 : 1, json, text: text.join('\n'), answered: true }
}

/** A plan that is in order but for what a missing end would leave out is told so first. */
function lintWhole(
  plan: Plan,
  bytes: Uint8Array,
  { terms, path }: { terms: LintTerms | undefined; path: string },
): PlanRefusal[] {
  const found = [...lintPlan(plan, terms), ...lintCards(plan, cardsBeside(path), terms?.listed)]
  return found.length === 0 ? [] : [...unendedLine(bytes), ...found]
}

/** Cards in cards/ beside the plan, as `plan new` writes them; one that is not there is missed when the plan runs. */
export function cardsBeside(path: string): (digest: string) => Card | undefined {
  const { cards } = besidePlan(path)
  return (digest) => {
    const file = join(cards, `${digest}.json`)
    return existsSync(file) ? readCard(file) : undefined
  }
}

type Against = { rule: string; step: string; detail: string }
type Told = Against & { remedy: string }

/** A reason against a plan, with what is always to be done about it. */
function told(refusal: Against): Told {
  return { ...refusal, remedy: refusalHelp(refusal.rule)?.remedy ?? '' }
}

/** One line for each warning: rule, what, what to do. */
export function warningLines(warnings: readonly Against[]): string[] {
  return warnings.map(told).map(({ rule, detail, remedy }) => `warning, ${rule}: ${detail}. ${remedy}`)
}
