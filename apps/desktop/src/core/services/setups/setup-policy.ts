import {
  checkNewPolicy,
  checkPlannable,
  newPolicy,
  type Policy,
  type PolicyFile,
  policyDigest,
  policyDocument,
  proposeCounts,
} from '@lux/ceremony/policy'
import { type Card, cardNameFault } from '@lux/ceremony/wire'
import { identityId } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import type { SetupFault } from '../../../contract/index.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import type { Setup } from './setup-state.ts'

/** The policy as it stands: the one that was brought, or what these people and choices make. */
export function policyOf({ program }: Pick<ServiceContext, 'program'>, setup: Setup): Policy {
  const file = setup.adopted ?? setup.signed
  if (file !== null) return file.policy
  const counts = proposeCounts(setup.cards)
  const of = (kind: Card['kind']) => setup.cards.filter((card) => card.kind === kind)
  const level = setup.leastEvidence
  return newPolicy({
    organisation: setup.organisation,
    domain: setup.domain,
    expiry: setup.expiry,
    officers: of('officer'),
    officerQuorum: setup.officerQuorum ?? counts.officerQuorum,
    witnesses: of('witness'),
    witnessQuorum: setup.witnessQuorum ?? counts.witnessQuorum,
    approvers: of('approver'),
    approverThreshold: setup.approverThreshold ?? counts.approverThreshold,
    requesters: of('requester'),
    evaluators: of('evaluator'),
    encryptors: of('encryptor'),
    servers: setup.servers,
    leastEvidence: { ceremony: level, root: level, organisation: level, project: level, data: level },
    softTokens: setup.softTokens,
    acceptedTools: [program.measurement.build, ...setup.otherTools],
  })
}

export function policyFileOf(parts: Pick<ServiceContext, 'program'>, setup: Setup): PolicyFile {
  return setup.adopted ?? setup.signed ?? { policy: policyOf(parts, setup), signatures: [] }
}

/** Why this policy could not be signed, or these people not satisfy it: said while it is made. One that enough officers signed was checked before. */
export function policyFaults({ adopted, signed, cards }: Setup, policy: Policy): SetupFault[] {
  const isNew = adopted === null && (signed === null || !isSigned(signed))
  const ill = isNew ? cards.flatMap((card) => cardNameFault(card) ?? []) : []
  if (ill.length > 0) return ill.map((detail) => ({ code: 'CARD-NAME', step: '', detail }))
  const shape = policyDocument.payload.check(policy)
  const check = isNew ? checkNewPolicy : checkPlannable
  // Two fields of the form, and no document that came from somebody: what a parser expected is no sentence for people.
  if (isNew && !shape.ok && shape.detail.startsWith('organisation.'))
    return [{ code: 'SETUP-ORGANISATION', step: '', detail: '' }]
  const sense = shape.ok ? check(policy) : shape
  return sense.ok ? [] : [{ code: sense.rule, step: '', detail: sense.detail }]
}

/** What these people may want otherwise, though it can be signed: the loss of one, or nobody who leads. */
export function policyWarnings({ cards }: Pick<Setup, 'cards'>, policy: Policy): SetupFault[] {
  const { officers, officerQuorum, witnesses, witnessQuorum } = policy
  const all = (needed: number, of: number) => needed > 0 && needed === of
  const codes = [
    ...(all(officerQuorum, officers.length) ? ['SETUP-ALL-OFFICERS'] : []),
    ...(all(witnessQuorum, witnesses.length) ? ['SETUP-ALL-WITNESSES'] : []),
    ...(cards.length > 0 && cards.every(({ kind }) => kind !== 'administrator')
      ? ['SETUP-ADMINISTRATOR']
      : []),
  ]
  return codes.map((code) => ({ code, step: '', detail: '' }))
}

/** What people compare and sign; null before the policy has even its form. */
export function digestOf(policy: Policy): string | null {
  return policyDocument.payload.check(policy).ok ? policyDigest(policy) : null
}

/** What could be signed. Errors: POLICY-… with what keeps it from being one. */
export function soundFile(parts: Pick<ServiceContext, 'program'>, setup: Setup): PolicyFile {
  const file = policyFileOf(parts, setup)
  const [fault] = policyFaults(setup, file.policy)
  if (fault !== undefined) throw new ExpectedError(fault.code, fault.detail)
  return file
}

/** Those of the policy's officers who signed it, by name. */
export function signedBy({ policy, signatures }: PolicyFile): string[] {
  return policy.officers
    .filter(({ keys }) => signatures.some(({ signer }) => signer === identityId(keys)))
    .map(({ name }) => name)
}

export function isSigned(file: PolicyFile): boolean {
  return signedBy(file).length >= file.policy.officerQuorum
}
