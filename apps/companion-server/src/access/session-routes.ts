import { Type } from '@fastify/type-provider-typebox'
import { maxSearch } from '../keys/named.ts'
import type { App } from '../platform/http/app-type.ts'
import { granted, HttpError, unauthorized } from '../platform/http/http-error.ts'
import { count, gives, orNull, text, time } from '../platform/http/reply.ts'
import { requireCall } from './caller.ts'
import { conditions } from './conditions.ts'
import type { Directory, Listed } from './directory.ts'
import { grantView } from './grant-fields.ts'
import { pageFields, pageOf } from './page-query.ts'
import type { PeopleOperations } from './people.ts'
import {
  deviceTokenOf,
  endSession,
  giveDevice,
  giveSession,
  isFromConsole,
  sessionTokenOf,
} from './session-cookie.ts'
import type { Authentication } from './tokens.ts'
import { personLogIn, secondFactor } from './webauthn/response-fields.ts'

const closed = { additionalProperties: false } as const
const kind = Type.Enum(['service', 'person'])
const page = Type.Object(
  {
    ...pageFields,
    kind: Type.Optional(kind),
    search: Type.Optional(Type.String({ maxLength: maxSearch })),
  },
  closed,
)

const identityView = Type.Object({
  ...{ id: text, name: text, username: orNull(text), invited: Type.Boolean() },
  kind,
  revokedAt: orNull(time),
  createdAt: time,
  grants: Type.Array(
    Type.Object({
      ...{ ...grantView, organisationName: orNull(text), projectName: orNull(text) },
      conditions: orNull(conditions),
    }),
  ),
})

/** The console's session, and who is here. */
export function sessionRoutes(
  app: App,
  {
    people,
    directory,
    authentication,
    domain,
  }: {
    readonly people: PeopleOperations
    readonly directory: Directory
    readonly authentication: Authentication
    readonly domain: 'production' | 'rehearsal'
  },
): void {
  const base = '/api/v1/console/session'

  // Asked before anybody is known: what the first page has to show.
  app.get(base, { schema: { hide: true } }, async (request) => {
    const token = sessionTokenOf(request)
    const known = token === null ? 'unknown' : await authentication.find(token)
    if (known === 'unknown') return { domain, setUp: await directory.isSetUp(), person: null }
    const call = await requireCall(request, authentication)
    return { domain, setUp: true, person: toIdentity(granted(await directory.self(call))) }
  })

  app.post(base, { schema: { hide: true, body: personLogIn } }, async (request, reply) => {
    if (!isFromConsole(request)) throw unauthorized()
    granted(authentication.roomForStranger(request.ip))
    const device = deviceTokenOf(request)
    const asked = { door: 'http', reqId: request.id, source: request.ip, device } as const
    const outcome = await people.logIn(request.body, asked)
    if (!outcome.ok) throw new HttpError(401, outcome.rule)
    const { token, call } = outcome.value
    request.call = call
    giveSession(reply, token.accessToken, token.expiresIn)
    giveDevice(reply, outcome.value.device)
    return { expiresIn: token.expiresIn }
  })

  // In the place of the session that asks, as at a log-in.
  app.post(
    `${base}/second-factor`,
    { schema: { hide: true, body: secondFactor } },
    async (request, reply) => {
      const call = await requireCall(request, authentication)
      const accessToken = sessionTokenOf(request)
      if (accessToken === null) throw unauthorized()
      const asked = { ...request.body, accessToken }
      const token = granted(await people.proveAnew(call, asked))
      giveSession(reply, token.accessToken, token.expiresIn)
      return { expiresIn: token.expiresIn }
    },
  )

  app.delete(base, { schema: { hide: true } }, async (request, reply) => {
    const call = await requireCall(request, authentication)
    granted(await directory.logOut(call, sessionTokenOf(request) ?? ''))
    endSession(reply)
    return { ended: true }
  })

  app.get(
    '/api/v1/identities',
    {
      schema: {
        ...gives('List identities', Type.Object({ identities: Type.Array(identityView), totalCount: count })),
        querystring: page,
      },
    },
    async (request) => {
      const call = await requireCall(request, authentication)
      const { kind: only = null, search = null, ...part } = request.query
      const found = granted(await directory.list(call, { ...pageOf(part), kind: only, search }))
      return { identities: found.identities.map(toIdentity), totalCount: found.totalCount }
    },
  )
}

function toIdentity({ grants, revokedAt, createdAt, ...rest }: Listed) {
  return {
    ...rest,
    revokedAt: revokedAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    grants: grants.map(({ role, organisation, project, organisationName, projectName, conditions }) => ({
      ...{ role, organisationId: organisation, organisationName, projectId: project, projectName },
      conditions: conditions ?? null,
    })),
  }
}
