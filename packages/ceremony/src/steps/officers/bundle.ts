import { fits, type Recorded } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { checkSuccessor, policyDigest } from '../../policy/check.ts'
import { policyFileCodec } from '../../policy/schema.ts'

/** NEXT-POLICY: it is the one of the plan, and may follow the policy under which the run went: officers of both versions signed it. */
export async function checkNextPolicy(v: Verification): Promise<Outcome<string>> {
  const { nextPolicy, domain } = v.predicate
  if (nextPolicy === undefined) return accept('the policy stays')
  const file = await v.parsed(nextPolicy, policyFileCodec)
  if (!file.ok) return wrong(file.detail)
  const next = checkSuccessor(v.policy, file.value)
  if (!next.ok) return wrong(`${next.rule}: ${next.detail}`)
  const digest = policyDigest(next.value)
  if (domain === 'production' && required(v.plan).nextPolicy !== digest)
    return wrong(`the plan names another policy than ${digest}`)
  const { version, officerQuorum, officers } = next.value
  return accept(`version ${version}: ${officerQuorum} of ${officers.length}`)
}

/** The policy that was read in the room is the one that the bundle has. */
export async function nextPolicyFault(
  v: Verification,
  recorded: readonly Recorded[],
): Promise<string | null> {
  const { nextPolicy } = v.predicate
  if (nextPolicy === undefined) return null
  const read = recorded.find(({ step }) => step.do === 'sign-policy')
  if (read === undefined) return 'no step of the plan signs a next policy'
  if (read.result === null) return null
  const file = await v.parsed(nextPolicy, policyFileCodec)
  if (!file.ok) return file.detail
  const { version, officerQuorum: quorum } = file.value.policy
  return fits(read.result, { policy: policyDigest(file.value.policy), version, quorum })
    ? null
    : `${read.step.id}: another policy was signed`
}

function wrong(detail: string): Outcome<never> {
  return refuse('NEXT-POLICY', detail)
}
