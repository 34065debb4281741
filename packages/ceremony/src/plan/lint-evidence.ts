import type { KeyLevel, Plan, Step } from './plan.ts'
import { vouches } from './profiles.ts'
import { ceremonyKeyId, stepsOf, tokenOf, voucherOf } from './queries.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

type Level = 'E0' | 'E1' | 'E2' | 'E3'

/** What a production policy says of evidence. */
export type EvidenceTerms = {
  least: Readonly<Record<'ceremony' | KeyLevel, Level>>
  roots: readonly { certificate: string; format: string }[]
  softTokens: boolean
}

/** PLAN-36: evidence that the policy asks for and no step brings, or that comes from a root which the policy does not pin. */
export function lintEvidence(plan: Plan, terms: EvidenceTerms | undefined): PlanRefusal[] {
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
