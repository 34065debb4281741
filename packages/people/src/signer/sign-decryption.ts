import {
  type Card,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  type RequestPackage,
} from '@lux/ceremony/wire'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { checkSigner } from './sign.ts'

/** Who signs a request for a decryption: who asks, and who approves of it. */
export type RequestSigner = Extract<Card['kind'], 'requester' | 'approver'>

/** That a key may sign this request as its requester or an approver. Refuses REQUEST-ROLE, REQUEST-DOMAIN. */
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

/** The request with one more signature, after the yes. Refuses what `checkRequestSigner` does, and REQUEST-SIGNED. */
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
