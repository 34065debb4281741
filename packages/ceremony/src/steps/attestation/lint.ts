import type { EvidenceTerms, LintTerms } from '../../plan/lint-terms.ts'
import type { KeyLevel, Plan, Step } from '../../plan/plan.ts'
import { vouches } from '../../plan/profiles.ts'
import { ceremonyKeyId, keyOf, stepsOf, tokenOf, voucherOf } from '../../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import type { PlanProgress, StepLint } from '../plan-progress.ts'

/** PLAN-36: evidence that the policy asks for and no step brings, or that comes from a root which the policy does not pin. */
export function lintEvidence(
  plan: Plan,
  { evidence: terms }: Pick<LintTerms, 'evidence'> = {},
): PlanRefusal[] {
  if (terms === undefined) return []
  const attests = stepsOf(plan)
    .map(({ step }) => step)
    .filter((step) => step.do === 'attest')
  const found = attests.flatMap((step) => rootFault(plan, step, terms))
  const keys: { id: string; level: 'ceremony' | KeyLevel }[] = [
    { id: ceremonyKeyId, level: 'ceremony' },
    ...plan.keys.filter(({ existing }) => existing === undefined),
  ]
  for (const { id, level } of keys) {
    const step = attests.find(({ key }) => (key ?? ceremonyKeyId) === id)
    const reached = step === undefined ? 'E1' : voucherOf(step) === 'vendor' ? 'E3' : 'E2'
    const least = terms.least[level]
    if (least > reached)
      found.push(
        planRefusal('PLAN-36', '', `${id}: the policy asks for ${least}, the plan reaches ${reached}`),
      )
  }
  if (terms.least.root > 'E1')
    for (const { step } of stepsOf(plan).filter(({ step }) => step.do === 'replicate-root'))
      found.push(
        planRefusal(
          'PLAN-36',
          step.id,
          `a replica reaches E1, the policy asks roots for ${terms.least.root}`,
        ),
      )
  return found
}

function rootFault(plan: Plan, step: Step, terms: EvidenceTerms): PlanRefusal[] {
  const token = tokenOf(plan, step)
  const certificate = token?.attestation?.root
  if (token === undefined || certificate === undefined) return []
  const root = terms.roots.find((one) => one.certificate === certificate)
  if (root === undefined)
    return [planRefusal('PLAN-36', step.id, `the policy does not pin the root certificate ${certificate}`)]
  if (vouches(root.format, token.profile, { soft: terms.softTokens, domain: 'production' })) return []
  return [
    planRefusal('PLAN-36', step.id, `a root for ${root.format} tokens does not speak for a ${token.profile}`),
  ]
}

/** PLAN-35: why nobody could vouch for the key at this step. */
function attestFaults(
  plan: Plan,
  step: Step,
  at: Pick<PlanProgress, 'keys' | 'proved' | 'attested' | 'home'>,
): string[] {
  const id = step.key ?? ceremonyKeyId
  const key = keyOf(plan, step.key)
  const token = tokenOf(plan, step)
  const found: string[] = []
  if (step.key !== undefined && key === undefined) return [`${step.key} is no key of the plan`]
  if (at.attested.has(id)) found.push(`${id} is attested twice`)
  if (key?.existing !== undefined) found.push(`the evidence of ${id} is in the bundle of its own ceremony`)
  else if (key !== undefined && !at.keys.has(id)) found.push(`${id} is not made yet`)
  else if (key?.level === 'root' && !at.proved.has(id)) found.push(`${id} is not proved before`)
  const role = step.token ?? 'ceremony'
  if (role !== (key === undefined ? 'ceremony' : at.home)) found.push(`${id} is not in the token ${role}`)
  if (token === undefined) return found
  const { attestation, serial } = token
  if (attestation === undefined) found.push(`the token ${role} names no attestation`)
  if (voucherOf(step) === 'vendor') {
    if (key !== undefined)
      found.push(`no vendor attests ${id}, which is a secret or leaves its token wrapped`)
  } else {
    if (attestation !== undefined && attestation.companion === undefined)
      found.push(`the token ${role} names no companion`)
    if (serial === 'new') found.push(`the token ${role} is new, so nobody attested a companion in it`)
  }
  return found
}

export const lints = {
  attest: {
    uses: { token: true, key: 'optional', by: 'voucher' },
    opening: true,
    check(plan, step, at, refuse) {
      for (const fault of attestFaults(plan, step, at)) refuse('PLAN-35', fault)
    },
    change: (_plan, { key = ceremonyKeyId }, at) => void at.attested.add(key),
  },
} satisfies Record<'attest', StepLint>
