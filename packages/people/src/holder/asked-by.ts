import type { Policy } from '@lux/ceremony/policy'
import type { CheckedRequest, RequestPackage } from '@lux/ceremony/wire'
import { identityId } from '@lux/crypto'
import { checked, no, type Outcome } from '../outcome.ts'

/**
 * The name that a policy gives to the key which signed a request, and the request to itself. Refuses REQUEST-REQUESTER where the two
 * differ: nobody asks in another's name.
 */
export function requesterOf(
  { request: { payload } }: RequestPackage,
  { askedBy }: CheckedRequest,
  { requesters }: Policy,
): Outcome<string> {
  return checked(() => {
    const names = requesters.flatMap(({ name, keys }) => (askedBy.includes(identityId(keys)) ? name : []))
    return names.includes(payload.requester)
      ? payload.requester
      : no('REQUEST-REQUESTER', `it is by ${payload.requester}, and signed by ${names.join(', ')}`, 'request')
  })
}
