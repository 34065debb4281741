import { readPlan } from '@lux/ceremony/plan'
import { type Policy, policyDigest } from '@lux/ceremony/policy'
import type { Card } from '@lux/ceremony/wire'
import { fromBase64, identityId } from '@lux/crypto'
import { checked, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import type { PreparedSignature } from './sign.ts'

const lists: Partial<Record<Card['kind'], 'officers' | 'approvers' | 'witnesses'>> = {
  officer: 'officers',
  approver: 'approvers',
  witness: 'witnesses',
}

/** What a signature rests on: `named` by its bytes, and `policy` as its signer took it by hand. Either is null where there is none. */
export type PolicyBehind = { readonly named: string | null; readonly policy: Policy | null }

/**
 * The policy behind what is to be signed. Refuses REQUEST-POLICY where the signer took policies of this domain and it is none of them, or
 * does not name the signer's key; where the bytes name none, and none of those that were taken names that key. A new policy may name its
 * signer for the first time.
 */
export function policyBehind(
  prepared: Pick<PreparedSignature, 'request' | 'explained' | 'kind'>,
  { card, identity }: PersonKey,
  taken: readonly Policy[],
): Outcome<PolicyBehind> {
  return checked(() => {
    const { kind, request } = prepared
    const named = namedIn(prepared)
    const known = taken.filter(({ domain }) => domain === request.domain)
    if (known.length === 0) return { named, policy: null }
    const list = lists[kind]
    const isIn = (one: Policy): boolean =>
      list === undefined || one[list].some(({ keys }) => identityId(keys) === identity.id)
    if (named === null)
      return request.what === 'policy' || known.some(isIn)
        ? { named, policy: null }
        : no(
            'REQUEST-POLICY',
            `no policy that you took names a ${kind} with the key of ${card.name}`,
            'request',
          )
    const policy = known.find((one) => policyDigest(one) === named)
    if (policy === undefined) return no('REQUEST-POLICY', `it rests on the policy ${named}`, 'request')
    if (!isIn(policy))
      return no('REQUEST-POLICY', `that policy names no ${kind} with the key of ${card.name}`, 'request')
    return { named, policy }
  })
}

/** A plan's approval names the plan by its hash, which was compared, and the plan its policy. */
function namedIn({ request, explained }: Pick<PreparedSignature, 'request' | 'explained'>): string | null {
  if (request.what !== 'plan-approval' || request.plan === undefined) return explained.policy
  const read = readPlan(fromBase64(request.plan))
  return read.ok ? read.plan.policy : null
}
