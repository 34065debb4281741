import type { Call, Record } from '../audit/record.ts'
import { type Attempt, knownBy, type Strangers } from '../audit/strangers.ts'
import { type Digests, notingAuthority } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { cameBy } from './authorize.ts'
import type { Authentication, LoggedIn } from './tokens.ts'

type Parts = {
  readonly authentication: Authentication
  readonly record: Record
  readonly strangers: Strangers
}
/** Failures are counted by account and source. */
type Asked = Attempt & { readonly clientId: string; readonly clientSecret: string }

/** The same token for longer, so that a lost reply logs nobody out. Refuses ACCESS-REFUSED another than the call came with. */
export function renewToken(
  { authentication, record }: Omit<Parts, 'strangers'>,
  call: Call,
  { accessToken, bearer }: { readonly accessToken: string; readonly bearer: string },
): Promise<Outcome<LoggedIn>> {
  return record(call, 'identity.renew-token', async () => {
    const refused = refuse('ACCESS-REFUSED', 'a token is renewed by itself')
    if (accessToken !== bearer) return refused
    const renewed = await authentication.renew(accessToken)
    return renewed === 'unknown' ? refused : accept(renewed)
  })
}

/** A token for a machine identity. Refuses LOGIN-REFUSED in one text, whatever the reason; who failed is nobody yet. */
export async function logIn(
  { authentication, record, strangers }: Parts,
  { clientId, clientSecret, ...asked }: Asked,
): Promise<Outcome<{ readonly token: LoggedIn; readonly call: Call }>> {
  const refused = refuse('LOGIN-REFUSED', 'the credentials do not fit, or are locked')
  const authority: Digests = new Map()
  const find = () =>
    authentication.logIn(clientId, clientSecret, asked.source, (identity, attempt) => {
      const operation = attempt === 'last' ? 'identity.locked' : 'identity.log-in'
      // The reply does not wait: it would tell whose name is known.
      record(knownBy(asked, identity, cameBy('client-secret')), operation, async () => refused).catch(
        strangers.unentered,
      )
    })
  const found = await notingAuthority(authority, find)
  if (found === 'refused') return strangers.counted(asked, refused)
  const { credential, ...token } = found
  const call = knownBy(asked, token.identity, cameBy('client-secret', credential))
  return record(call, 'identity.log-in', async (subject) => {
    subject.authority = authority
    return accept({ token, call })
  })
}
