import type { X509Certificate } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { bearerOf, requireCall } from '../../access/caller.ts'
import { name } from '../../access/fields.ts'
import { isSetUp } from '../../access/identities.ts'
import { logIn, renewToken } from '../../access/log-in.ts'
import {
  deviceTokenOf,
  endSession,
  giveDevice,
  giveSession,
  isFromConsole,
  sessionTokenOf,
} from '../../access/session-cookie.ts'
import { type LoggedIn, maxTokenTtl } from '../../access/tokens.ts'
import { password, personLogIn, secondFactor, totp } from '../../access/webauthn/response-fields.ts'
import type { App } from '../../platform/http/app-type.ts'
import { granted, HttpError, unauthorized } from '../../platform/http/http-error.ts'
import { count, document, gives, open, orNull, text, time } from '../../platform/http/reply.ts'
import type { Services } from '../../services.ts'
import { credentials, enrolment, toEnrolment, toIdentity } from './access.ts'
import { openRest } from './rest.ts'

type Parts = Pick<
  Services,
  | 'authentication'
  | 'authenticators'
  | 'organisations'
  | 'people'
  | 'record'
  | 'strangers'
  | 'database'
  | 'desk'
  | 'signOn'
>

const closed = { additionalProperties: false } as const
const code = Type.String({ minLength: 1, maxLength: 64 })
export const loggedIn = Type.Object({
  accessToken: text,
  expiresIn: count,
  accessTokenMaxTTL: count,
  tokenType: text,
})

export const toAnswer = ({ accessToken, expiresIn }: LoggedIn) => ({
  accessToken,
  expiresIn,
  accessTokenMaxTTL: maxTokenTtl,
  tokenType: 'Bearer',
})

/** What a stranger asks for. Refuses RATE-LIMITED. */
export function attemptOf(request: FastifyRequest, { authentication }: Pick<Services, 'authentication'>) {
  granted(authentication.roomForStranger(request.ip))
  return { door: 'http', reqId: request.id, source: request.ip } as const
}

/** What the client showed in TLS; null where none was asked for, or there is a proxy between. */
export function certificateOf({ raw: { socket } }: FastifyRequest): X509Certificate | null {
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate() ?? null) : null
}

/** How somebody becomes known: no operation of the table, since nobody asks for it yet. */
export function logInRoutes(app: App, parts: Parts): void {
  programRoutes(app, parts)
  enrolmentRoutes(app, parts)
  sessionRoutes(app, parts)
}

function programRoutes(app: App, parts: Parts): void {
  const secret = Type.Object(
    {
      clientId: Type.String({ minLength: 1, maxLength: 128 }),
      clientSecret: Type.String({ minLength: 1, maxLength: 256 }),
    },
    closed,
  )
  app.post(
    '/api/v1/auth/universal-auth/login',
    { schema: { ...open, ...gives('Log in as a machine identity', loggedIn), body: secret } },
    async (request) => {
      const outcome = await logIn(parts, { ...attemptOf(request, parts), ...request.body })
      if (!outcome.ok) throw new HttpError(401, outcome.rule)
      request.call = outcome.value.call
      return toAnswer(outcome.value.token)
    },
  )

  const workload = Type.Object(
    {
      rule: Type.String({ minLength: 1, maxLength: 64 }),
      token: Type.Optional(Type.String({ minLength: 1, maxLength: 16_384 })),
    },
    closed,
  )
  app.post(
    '/api/v1/auth/workload/login',
    {
      schema: {
        ...open,
        ...gives('Log in as a workload, by its token or its client certificate', loggedIn),
        body: workload,
      },
    },
    async (request) => {
      const { rule, token = null } = request.body
      const shown = { rule, token, certificate: certificateOf(request) }
      const outcome = await parts.signOn.logInWorkload(shown, attemptOf(request, parts))
      // How the issuer was asked is for those who made the rule.
      if (!outcome.ok && outcome.rule === 'WORKLOAD-KEYS') throw new HttpError(502, outcome.rule)
      const { token: made, call } = granted(outcome)
      request.call = call
      return toAnswer(made)
    },
  )

  const at = openRest(app, parts.authentication)
  at(parts.organisations.ownToken, 'GET /api/v1/auth/token', {
    summary: 'Describe the access token that asks',
    reply: Type.Object({
      ...{ id: text, identityId: text, name: orNull(text), workloadRuleId: orNull(text) },
      ...{ createdAt: time, expiresAt: time, renewable: Type.Boolean() },
    }),
    show: ({ identity, rule, createdAt, expiresAt, isRenewable, ...rest }) => ({
      ...{ ...rest, identityId: identity, workloadRuleId: rule, renewable: isRenewable },
      ...{ createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() },
    }),
  })
  at(parts.organisations.endToken, 'POST /api/v1/auth/token/revoke', {
    summary: 'Revoke the access token that asks',
    reply: Type.Object({ revoked: Type.Boolean() }),
    show: () => ({ revoked: true }),
  })

  const renewal = Type.Object({ accessToken: Type.String({ minLength: 1, maxLength: 128 }) }, closed)
  app.post(
    '/api/v1/auth/token/renew',
    { schema: { ...gives('Renew an access token', loggedIn), body: renewal } },
    async (request) => {
      const call = await requireCall(request, parts.authentication)
      const asked = { accessToken: request.body.accessToken, bearer: bearerOf(request) ?? '' }
      return toAnswer(granted(await renewToken(parts, call, asked)))
    },
  )
}

function enrolmentRoutes(app: App, parts: Parts): void {
  const { organisations, people, authenticators } = parts
  app.post(
    '/api/v1/setup',
    {
      schema: {
        ...open,
        ...gives(
          'Make the first server admin',
          Type.Union([Type.Object({ enrolment }), Type.Object({ identity: credentials })]),
        ),
        body: Type.Object({ code, name, username: Type.Optional(name) }, closed),
      },
    },
    async (request) => {
      const { admin, call } = granted(await organisations.setUp(request.body, attemptOf(request, parts)))
      request.call = call
      if ('code' in admin) return { enrolment: toEnrolment(admin) }
      const { identity, ...rest } = admin
      return { identity: { id: identity, ...rest } }
    },
  )

  app.post(
    '/api/v1/auth/password/begin-enrolment',
    {
      schema: {
        ...open,
        ...gives('Begin to enrol', Type.Object({ totpUri: text })),
        body: Type.Object({ code }, closed),
      },
    },
    async (request) => {
      const { totpUri, call } = granted(
        await people.beginEnrolment(request.body.code, attemptOf(request, parts)),
      )
      request.call = call
      return { totpUri }
    },
  )

  app.post(
    '/api/v1/auth/password/enrol',
    {
      schema: {
        ...open,
        ...gives('Set password and second factor', Type.Object({ enrolled: Type.Boolean() })),
        body: Type.Object({ code, password, totp }, closed),
      },
    },
    async (request) => {
      request.call = granted(await people.enrol(request.body, attemptOf(request, parts))).call
      return { enrolled: true }
    },
  )

  app.post(
    '/api/v1/auth/webauthn/challenge',
    {
      schema: {
        ...open,
        ...gives('Begin a log-in by an authenticator', Type.Object({ options: document })),
      },
    },
    async (request) => {
      attemptOf(request, parts)
      return { options: granted(await authenticators.ask()) }
    },
  )

  app.post(
    '/api/v1/auth/password/login',
    { schema: { ...open, ...gives('Log in as a person', loggedIn), body: personLogIn } },
    async (request) => {
      const outcome = await people.logIn(request.body, attemptOf(request, parts))
      if (!outcome.ok) throw new HttpError(401, outcome.rule)
      request.call = outcome.value.call
      return toAnswer(outcome.value.token)
    },
  )
}

/** The console's session, in a cookie that no script reads. */
function sessionRoutes(app: App, parts: Parts): void {
  const { people, organisations, authentication, database, desk } = parts
  const base = '/api/v1/console/session'

  // Asked before anybody is known: what the first page has to show.
  app.get(base, { schema: { hide: true } }, async (request) => {
    const token = sessionTokenOf(request)
    const known = token === null ? 'unknown' : await authentication.find(token)
    if (known === 'unknown') return { domain: desk.domain, setUp: await isSetUp(database), person: null }
    const call = await requireCall(request, authentication)
    const person = toIdentity(granted(await organisations.self(call, {})))
    return { domain: desk.domain, setUp: true, person }
  })

  app.post(base, { schema: { hide: true, body: personLogIn } }, async (request, reply) => {
    if (!isFromConsole(request)) throw unauthorized()
    const asked = { ...attemptOf(request, parts), device: deviceTokenOf(request) }
    const outcome = await people.logIn(request.body, asked)
    if (!outcome.ok) throw new HttpError(401, outcome.rule)
    const { token, call, device } = outcome.value
    request.call = call
    giveSession(reply, token.accessToken, token.expiresIn)
    giveDevice(reply, device)
    return { expiresIn: token.expiresIn }
  })

  // In the place of the session that asks, as at a log-in.
  app.post(
    `${base}/second-factor`,
    { schema: { hide: true, body: secondFactor } },
    async (request, reply) => {
      const call = await requireCall(request, authentication)
      if (sessionTokenOf(request) === null) throw unauthorized()
      const token = granted(await people.proveAnew(call, { factor: request.body }))
      giveSession(reply, token.accessToken, token.expiresIn)
      return { expiresIn: token.expiresIn }
    },
  )

  app.delete(base, { schema: { hide: true } }, async (request, reply) => {
    const call = await requireCall(request, authentication)
    granted(await organisations.logOut(call, {}))
    endSession(reply)
    return { ended: true }
  })
}
