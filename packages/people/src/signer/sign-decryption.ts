import { authoritiesOf, type Policy } from '@lux/ceremony/policy'
import {
  type Card,
  checkDecryptionRequest,
  checkUnsignedRequest,
  type DecryptionRequest,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  type RequestPackage,
} from '@lux/ceremony/wire'
import { toHex } from '@lux/crypto'
import { largestBudgets, parsePublic } from '@lux/crypto/fhe'
import { allowedBy } from '../holder/budgets.ts'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { checkSigner } from './sign.ts'
import { asksCanary } from './sign-result.ts'

/** Who signs a request to decrypt: its requester and its approvers. */
export type RequestSigner = Extract<Card['kind'], 'requester' | 'approver'>

/** Checks that a key may sign this request as its requester or as an approver. Refuses REQUEST-ROLE, REQUEST-DOMAIN. */
export function checkRequestSigner(
  kind: RequestSigner,
  { request: { payload } }: RequestPackage,
  key: PersonKey,
): Outcome<null> {
  return checked(() => {
    need(checkSigner({ kind, request: payload }, key))
    const { name } = key.card
    return kind === 'requester' && name !== payload.requester
      ? no('REQUEST-ROLE', `the request is by ${payload.requester}, the key of ${name}`)
      : null
  })
}

/** After the yes: the request with one more signature. Refuses what `checkRequestSigner` does, and REQUEST-SIGNED. */
export function signDecryptionRequest(
  kind: RequestSigner,
  given: RequestPackage,
  key: PersonKey,
): Outcome<RequestPackage> {
  return checked(() => {
    need(checkRequestSigner(kind, given, key))
    const { payload, signatures } = given.request
    const asks = kind === 'requester'
    const codec = asks ? decryptionRequestCodec : decryptionApprovalCodec
    const signature = codec.sign(key.identity, payload, payload.domain)
    const present = asks ? signatures : given.approvals
    if (present.some(({ signer }) => signer === signature.signer))
      no('REQUEST-SIGNED', `${key.card.name} has signed it already`)
    return asks
      ? { ...given, request: { payload, signatures: [...signatures, signature] } }
      : { ...given, approvals: [...given.approvals, signature] }
  })
}

/**
 * Checks that a key's holders answer requests of this mode at all, by its public file. A key that squashes noise answers squashed
 * ciphertexts, any other key fresh ones. A policy without squashed blocks overrides that. Refuses REQUEST-MODE.
 */
export function checkAskedMode(
  mode: DecryptionRequest['mode'],
  pub: Uint8Array,
  policy: Policy | null,
): Outcome<null> {
  return checked(() => {
    if (mode === modeOf(pub, policy)) return null
    return mode === 'F'
      ? no('REQUEST-MODE', 'a fresh ciphertext, and the holders of this key answer squashed ones', 'request')
      : no('REQUEST-MODE', 'a squashed ciphertext, and this key has no squash key', 'request')
  })
}

function modeOf(pub: Uint8Array, policy: Policy | null): DecryptionRequest['mode'] {
  const squashes = parsePublic(pub).pub128.length > 0
  return squashes && policy?.fhe.budgets.k128 !== 0 ? 'S' : 'F'
}

/** What is known before the holders are asked: the policy taken by hand, and the epoch's `public.bin`. */
export type KnownKey = { readonly policy: Policy; readonly pub: Uint8Array; readonly now: string }

/**
 * Checks, before the holders are asked, that they could answer. The maker checks it `unsigned`, an approver once the requester has signed.
 * Only holders know what budget remains, so the largest possible is assumed. Refuses REQUEST-MODE, FHE-FLOOD-FLOOR, and as
 * `checkDecryptionRequest` does.
 */
export function checkAskable(
  given: RequestPackage,
  { policy, pub, now }: KnownKey,
  signed: 'unsigned' | 'signed',
): Outcome<null> {
  return checked(() => {
    const { header, pub128 } = parsePublic(pub)
    const { mode, requester } = given.request.payload
    const canary = asksCanary(given)
    need(checkAskedMode(mode, pub, policy), 'request')
    if (!policy.requesters.some(({ name }) => name === requester))
      no('REQUEST-REQUESTER', `the policy names no requester ${requester}`, 'request')
    const width = mode === 'F' ? 'at64' : 'at128'
    const facts = {
      domain: policy.domain,
      keyId: toHex(header.keyId),
      epochId: toHex(header.epochId),
      mode,
      authorities: authoritiesOf(policy),
      now,
      taken: new Set<string>(),
      // A canary is outside the budget.
      left: canary
        ? null
        : Math.min(
            allowedBy(policy)[width],
            need(largestBudgets(header, { mode, squash: pub128.length > 0 }))[width],
          ),
    }
    const approvers = { role: 'approver', members: [], quorum: 0 }
    const fits =
      signed === 'unsigned'
        ? checkUnsignedRequest(given, facts)
        : checkDecryptionRequest(given, { ...facts, approvers })
    need(fits, 'request')
    return null
  })
}
