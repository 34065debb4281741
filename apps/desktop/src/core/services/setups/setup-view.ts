import type { Plan } from '@lux/ceremony/plan'
import type { Policy } from '@lux/ceremony/policy'
import {
  type Card,
  cardCodec,
  type ShownAct,
  type SignatureRequest,
  serverCardCodec,
} from '@lux/ceremony/wire'
import { identityId } from '@lux/crypto'
import { describePolicy, explainRequest, shownOf, wordsOf } from '@lux/people'
import type { SetupFault, SetupPerson, SetupStage, SetupView, Signer } from '../../../contract/index.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { subjectOf } from '../shared/subject.ts'
import { approvalRequest, planOf, rehearsedOf, warningsOf } from './setup-plan.ts'
import { digestOf, isSigned, policyFaults, policyFileOf, policyWarnings, signedBy } from './setup-policy.ts'
import { playingOf, standsSealed } from './setup-rehearsal.ts'
import { approvalsOf, policyRequest } from './setup-signatures.ts'
import { loadSetup, type Setup } from './setup-state.ts'

/** The whole set-up as a screen shows it. Errors: SETUP-UNKNOWN, STORE-DAMAGED. */
export async function viewOf(parts: ServiceContext, id: string): Promise<SetupView> {
  const setup = loadSetup(parts, id)
  const file = policyFileOf(parts, setup)
  const { policy } = file
  const plan = await planOf(parts, setup)
  const rehearsed = await rehearsedOf(parts, setup, plan)
  const approvals = approvalsOf(policy, setup, rehearsed)
  const digest = digestOf(policy) ?? ''
  const request = rehearsed === null ? null : approvalRequest(rehearsed, plan)
  const faults = policyFaults(setup, policy)
  const rehearsal = rehearsalOf(parts, setup)
  return {
    id,
    domain: setup.domain,
    title: setup.title,
    organisation: setup.organisation,
    next: nextOf({
      people: setup.cards.length > 0,
      policy: faults.length === 0 && isSigned(file),
      script: plan.made !== null,
      // In a rehearsal this is the last stage.
      rehearse: setup.domain === 'production' && rehearsed !== null,
      approve: approvals.length >= policy.officerQuorum,
    }),
    people: setup.cards.map(personOf),
    servers: setup.servers.map(({ name, card, transport }) => {
      const audience = serverCardCodec.digest(card)
      return { audience, name, words: wordsOf(audience), transport: transport !== null }
    }),
    policy: {
      adopted: setup.adopted !== null,
      expiry: policy.expiry,
      officerQuorum: policy.officerQuorum,
      witnessQuorum: policy.witnessQuorum,
      approverThreshold: policy.approverThreshold,
      softTokens: policy.softTokens,
      leastEvidence: policy.leastEvidence.root,
      otherTools: policy.acceptedTools.filter((build) => build !== parts.program.measurement.build),
      lines: faults.length === 0 ? describePolicy(policy) : [],
      shown: faults.length === 0 ? shownAct(policyRequest(parts, setup), policy, null) : null,
      digest,
      words: wordsOf(digest),
      signers: officers(policy, signedBy(file)),
      faults,
      warnings: policyWarnings(setup, policy),
    },
    script: {
      id: setup.script,
      fields: plan.fields,
      values: setup.values,
      rolesMissing: plan.rolesMissing,
      faults: plan.faults,
      warnings: warningsOf(plan, rehearsed),
      hash: plan.made?.hash ?? null,
      words: wordsOf(plan.made?.hash ?? ''),
    },
    rehearsal,
    approval: {
      shown: request === null ? null : shownAct(request, policy, rehearsed?.before ?? null),
      digest: request === null ? '' : subjectOf(request),
      signers: officers(
        policy,
        approvals.map(({ signature }) => nameOf(policy, signature.signer)),
      ),
      required: policy.officerQuorum,
    },
    run: setup.run,
  }
}

export function personOf(card: Card): SetupPerson {
  const digest = cardCodec.digest(card)
  const { kind: role, name, note } = card
  return {
    card: digest,
    role,
    name,
    note: note ?? null,
    phone: card.app !== undefined,
    words: wordsOf(digest),
  }
}

function shownAct(request: SignatureRequest, policy: Policy, plan: Plan | null): ShownAct | null {
  const told = explainRequest(request, { policies: [policy], plan })
  return told.ok ? shownOf(request, told.value) : null
}

function nextOf(done: Record<Exclude<SetupStage, 'lock'>, boolean>): SetupStage {
  const order: readonly Exclude<SetupStage, 'lock'>[] = ['people', 'policy', 'script', 'rehearse', 'approve']
  return order.find((stage) => !done[stage]) ?? 'lock'
}

function rehearsalOf(parts: ServiceContext, { rehearsal }: Setup): SetupView['rehearsal'] {
  if (rehearsal === null) return null
  const { playing, failure } = playingOf(rehearsal)
  return {
    id: rehearsal,
    sealed: standsSealed(parts, rehearsal),
    playing,
    failure: failure satisfies SetupFault | null,
  }
}

function officers(policy: Policy, signed: readonly string[]): Signer[] {
  return policy.officers.map(({ name }) => ({
    name,
    role: 'officer',
    signed: signed.includes(name),
    standIn: false,
  }))
}

function nameOf(policy: Policy, signer: string): string {
  return policy.officers.find(({ keys }) => identityId(keys) === signer)?.name ?? ''
}
