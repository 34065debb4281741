import { readPlan } from '@lux/ceremony/plan'
import {
  checkRunVersion,
  type Policy,
  type PolicyFile,
  policyDigest,
  policyDocument,
} from '@lux/ceremony/policy'
import type { Card } from '@lux/ceremony/wire'
import { fromBase64, identityId } from '@lux/crypto'
import { laterVersions } from '../holder/newer-policies.ts'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import type { PreparedSignature } from './sign.ts'
import { checkPolicyAsked } from './sign-policy.ts'

const lists: Partial<Record<Card['kind'], 'officers' | 'approvers' | 'witnesses'>> = {
  officer: 'officers',
  approver: 'approvers',
  witness: 'witnesses',
}

/**
 * The policy behind a signature. `named`: by its bytes. `policy`: as its signer took it by hand. `newest`: the version that replaces it,
 * where its signer took that too. Each is null where there is none.
 */
export type PolicyBehind = {
  readonly named: string | null
  readonly policy: Policy | null
  readonly newest: number | null
}

/**
 * The policy behind what is to be signed. Where the bytes name one, it must be among the policies of this domain that the signer took, and
 * must name the signer's key. Where they name none, one of those that were not replaced must name the key. A new policy may name its signer
 * for the first time, and must follow what was taken. Refuses REQUEST-POLICY, POLICY-OLDEST where the policy takes no run of its version,
 * POLICY-….
 */
export function policyBehind(
  prepared: Pick<PreparedSignature, 'request' | 'explained' | 'kind'>,
  key: PersonKey,
  taken: readonly PolicyFile[],
): Outcome<PolicyBehind> {
  return checked(() => {
    const { kind, request, explained } = prepared
    const { card, identity } = key
    const none = { policy: null, newest: null }
    if (request.what === 'policy') {
      need(checkPolicyAsked(need(policyDocument.payload.parse(explained.subject)), key, taken))
      return { named: null, ...none }
    }
    const named = namedIn(prepared)
    const known = taken.map(({ policy }) => policy).filter(({ domain }) => domain === request.domain)
    if (known.length === 0) return { named, ...none }
    const list = lists[kind]
    const isIn = (one: Policy): boolean =>
      list === undefined || one[list].some(({ keys }) => identityId(keys) === identity.id)
    if (named === null)
      return known.some((one) => isIn(one) && laterVersions(one, taken).length === 0)
        ? { named, ...none }
        : no(
            'REQUEST-POLICY',
            `no policy that you took names a ${kind} with the key of ${card.name}`,
            'request',
          )
    const policy = known.find((one) => policyDigest(one) === named)
    if (policy === undefined) return no('REQUEST-POLICY', `it rests on the policy ${named}`, 'request')
    if (!isIn(policy))
      return no('REQUEST-POLICY', `that policy names no ${kind} with the key of ${card.name}`, 'request')
    const { version } = explained
    if (version !== null) need(checkRunVersion(policy, version), 'request')
    return { named, policy, newest: laterVersions(policy, taken).at(-1)?.version ?? null }
  })
}

/** An approval names the plan by its hash, which was compared, and the plan names its policy. */
function namedIn({ request, explained }: Pick<PreparedSignature, 'request' | 'explained'>): string | null {
  if (request.what !== 'plan-approval' || request.plan === undefined) return explained.policy
  const read = readPlan(fromBase64(request.plan))
  return read.ok ? read.plan.policy : null
}
