import { policyDigest } from '@lux/ceremony/policy'
import { describePolicy } from '@lux/people'
import type { InputOf, PersonRole, PlannedPart, PlanOnPaper, PolicyOnPaper } from '../../contract/index.ts'
import { signedBy } from './setups/setup-policy.ts'
import { plannedParts } from './setups/setups.ts'
import type { ServiceContext } from './shared/service-context.ts'
import { wordsOf } from './shared/words.ts'

/** What the policy and the script of a ceremony say on paper: the sheets that leave the room beside its bundle. */
export function runPapers(
  parts: ServiceContext,
  { id }: InputOf<'bundles.papers'>,
): { policy: PolicyOnPaper; plan: PlanOnPaper; parts: PlannedPart[] } {
  const { run } = parts.runs.get(id)
  const { plan, policy: file, header } = run.folder
  const { policy } = file
  const digest = policyDigest(policy)
  const signed = signedBy(file)
  const listed = (role: PersonRole, people: readonly { name: string }[]) =>
    people.map(({ name }) => ({ name, role }))
  const of = { title: plan.title, organisation: { ...policy.organisation } }
  return {
    policy: {
      ...of,
      people: [
        ...listed('officer', policy.officers),
        ...listed('witness', policy.witnesses),
        ...listed('approver', policy.approvers),
      ],
      policy: {
        officerQuorum: policy.officerQuorum,
        witnessQuorum: policy.witnessQuorum,
        approverThreshold: policy.approverThreshold,
        expiry: policy.expiry,
        softTokens: policy.softTokens,
        leastEvidence: policy.leastEvidence.root,
        words: wordsOf(digest),
        digest,
        lines: describePolicy(policy),
        signers: policy.officers.map(({ name }) => ({
          name,
          role: 'officer',
          signed: signed.includes(name),
          standIn: false,
        })),
      },
    },
    plan: {
      ...of,
      people: plan.people.map(({ name, role }) => ({ name, role })),
      script: { hash: header.planHash, words: wordsOf(header.planHash) },
    },
    parts: plannedParts(plan),
  }
}
