import type { Call, Record } from '../audit/record.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { Authentication, LoggedIn } from './tokens.ts'

type Asked = {
  readonly clientId: string
  readonly clientSecret: string
  /** Where the attempt came from: failures are counted by account and source. */
  readonly source: string
  readonly door: Call['door']
  readonly reqId: string
}

/** A token for a machine identity. Refuses LOGIN-REFUSED in one text, whatever the reason; who failed is nobody yet. */
export async function logIn(
  { authentication, record }: { readonly authentication: Authentication; readonly record: Record },
  { clientId, clientSecret, source, door, reqId }: Asked,
): Promise<Outcome<{ readonly token: LoggedIn; readonly call: Call }>> {
  const token = await authentication.logIn(clientId, clientSecret, source)
  if (token === 'refused') return refuse('LOGIN-REFUSED', 'the credentials do not fit, or are locked')
  const call: Call = { caller: { identity: token.identity, grants: [] }, door, reqId, receipt: null }
  return record(call, 'identity.log-in', async () => accept({ token, call }))
}
