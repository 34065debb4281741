import { Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { conditions } from '../../access/conditions.ts'
import { giveSession, isFromConsole } from '../../access/session-cookie.ts'
import type { App } from '../../platform/http/app-type.ts'
import { granted, HttpError } from '../../platform/http/http-error.ts'
import {
  count,
  document,
  gives,
  givesContent,
  leadsOn,
  open,
  orNull,
  text,
  time,
} from '../../platform/http/reply.ts'
import type { Services } from '../../services.ts'
import type { Begun } from '../../sign-on/log-in.ts'
import { slug } from '../../sign-on/provider-fields.ts'
import type { GroupRole, ShownProvider } from '../../sign-on/providers.ts'
import type { WorkloadRule } from '../../sign-on/workloads/rules.ts'
import { grantView, toPlaced, warned, warningIn } from './access.ts'
import { attemptOf, loggedIn, toAnswer } from './log-in.ts'
import { openRest } from './rest.ts'

type Parts = Pick<Services, 'signOn' | 'authentication'>

const closed = { additionalProperties: false } as const
const byName = Type.Object({ name: slug }, closed)
/** Providers add what they like. */
const anything = Type.Optional(Type.Unknown())
const brings = Type.Object(
  { code: anything, state: anything, error: anything },
  { additionalProperties: true },
)
const roleView = Type.Object({
  ...{ id: text, group: text },
  grant: Type.Object({ ...grantView, conditions: Type.Optional(conditions) }),
})
const providerView = Type.Object({
  ...{ name: text, organisationId: orNull(text) },
  settings: Type.Union([
    Type.Object({
      ...{ kind: Type.Literal('oidc'), issuer: text, clientId: text, groupsClaim: Type.Optional(text) },
      ...{ scopes: Type.Optional(Type.Array(text)), ca: Type.Optional(text) },
      ...{ acr: Type.Optional(Type.Array(text)), amr: Type.Optional(Type.Array(text)) },
    }),
    Type.Object({
      ...{ kind: Type.Literal('saml'), entityId: text, entryPoint: text, certificates: Type.Array(text) },
      ...{ groupsAttribute: Type.Optional(text), acr: Type.Optional(Type.Array(text)), certificate: text },
    }),
  ]),
  roles: Type.Array(roleView),
})

/** Of the browser that began a log-in; no page reads it, and no other site sends it. */
const cookie = '__Host-sign-on'
const cookieShape = /(?:^|;\s*)__Host-sign-on=([A-Za-z0-9_-]{43})(?:;|$)/
const maxForm = 1 << 20
/** Where the console is, which takes the token or says why there is none. */
const consolePlace = '/console/'

/** Log-in by identity providers, and their configuration. */
export function signOnRoutes(app: App, parts: Parts): void {
  browserRoutes(app, parts)
  tokenRoutes(app, parts)
  providerRoutes(app, parts)
  workloadRoutes(app, parts)
}

/** The way of a browser to a provider and back. */
function browserRoutes(app: App, parts: Parts): void {
  const { signOn } = parts
  app.get(
    '/api/v1/auth/sign-on',
    {
      schema: {
        ...open,
        ...gives(
          'List identity providers to log in by',
          Type.Object({ providers: Type.Array(Type.Object({ name: text })) }),
        ),
      },
    },
    async (request) => {
      attemptOf(request, parts)
      return { providers: (await signOn.providerNames()).map((name) => ({ name })) }
    },
  )

  app.get(
    '/api/v1/auth/sign-on/:name/start',
    { schema: { ...open, ...leadsOn('Send a browser to an identity provider'), params: byName } },
    async (request, reply) => {
      const begun = await signOn.begin(request.params.name, attemptOf(request, parts))
      if (!begun.ok) return back(reply, begun.rule)
      return reply.header('Set-Cookie', cookieOf(begun.value)).redirect(begun.value.location, 303)
    },
  )

  app.get(
    '/api/v1/auth/sign-on/:name/callback',
    {
      schema: {
        ...open,
        ...leadsOn('Take what a browser brings back from an OpenID Connect provider'),
        params: byName,
        querystring: brings,
      },
    },
    async (request, reply) => {
      const answer = new URL(request.url, 'https://localhost').searchParams
      return brought(request, reply, answer, answer.get('state') ?? '')
    },
  )

  app.register(async (own) => {
    own.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: maxForm },
      (_request, body, done) => done(null, String(body)),
    )
    own.post<{ Body: string; Params: { name: string } }>(
      '/api/v1/auth/sign-on/:name/callback',
      {
        schema: {
          ...open,
          ...leadsOn('Take what a browser brings back from a SAML provider'),
          params: byName,
        },
      },
      async (request, reply) => {
        const answer = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
        return brought(request, reply, answer, answer.get('RelayState') ?? '')
      },
    )
  })

  async function brought(
    request: FastifyRequest<{ Params: { name: string } }>,
    reply: FastifyReply,
    answer: URLSearchParams,
    state: string,
  ) {
    const { name } = request.params
    const browser = browserOf(request)
    const finished = await signOn.finish({ name, answer, state, browser }, attemptOf(request, parts))
    if (!finished.ok) return back(reply, finished.rule)
    request.call = finished.value.call
    return back(reply, 'ready')
  }
}

function tokenRoutes(app: App, parts: Parts): void {
  const { signOn } = parts
  app.get(
    '/api/v1/auth/sign-on/:name/metadata',
    {
      schema: {
        ...open,
        ...givesContent('Read this server’s SAML metadata', 'application/samlmetadata+xml'),
        params: byName,
      },
    },
    async (request, reply) => {
      attemptOf(request, parts)
      const text = granted(await signOn.samlMetadata(request.params.name))
      return reply.type('application/samlmetadata+xml').send(text)
    },
  )

  app.post(
    '/api/v1/auth/sign-on/token',
    {
      schema: {
        ...open,
        ...gives(
          'Take the token of a finished log-in',
          Type.Union([loggedIn, Type.Object({ expiresIn: count })]),
        ),
        body: Type.Object({}, closed),
      },
    },
    async (request, reply) => {
      const asked = attemptOf(request, parts)
      // Another site could not read the token, but could use the log-in up.
      const site = request.headers['sec-fetch-site']
      if (site !== undefined && site !== 'same-origin') throw new HttpError(401, 'SIGN-ON-STATE')
      const taken = await signOn.takeToken(browserOf(request), asked)
      if (!taken.ok) throw new HttpError(401, taken.rule)
      request.call = taken.value.call
      reply.header('Set-Cookie', `${cookie}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`)
      const { token } = taken.value
      if (!isFromConsole(request)) return toAnswer(token)
      // The console keeps no token where a script could read it.
      giveSession(reply, token.accessToken, token.expiresIn)
      return { expiresIn: token.expiresIn }
    },
  )
}

/** To the console, with a word after the # that goes into no log. */
const back = (reply: FastifyReply, word: string) => reply.redirect(`${consolePlace}#sign-on=${word}`, 303)

/** A form that another site posts brings no Lax cookie. */
const cookieOf = ({ browser, posted }: Begun): string =>
  `${cookie}=${browser}; Path=/; Secure; HttpOnly; SameSite=${posted ? 'None' : 'Lax'}; Max-Age=600`

const browserOf = ({ headers }: FastifyRequest): string => cookieShape.exec(headers.cookie ?? '')?.[1] ?? ''

const toProvider = ({ organisation, roles, ...rest }: ShownProvider) => ({
  ...rest,
  organisationId: organisation,
  roles: roles.map(toRole),
})

const toRole = ({ id, group, grant }: GroupRole) => ({
  id,
  group,
  grant: { ...toPlaced(grant), ...(grant.conditions ? { conditions: grant.conditions } : {}) },
})

/** Identity providers, and what their groups may. */
function providerRoutes(app: App, { signOn, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const base = '/api/v1/sign-on/providers'
  const aProvider = {
    reply: Type.Object({ provider: providerView }),
    show: (made: ShownProvider) => ({ provider: toProvider(made) }),
    as: { secret: 'clientSecret' },
  }

  at(signOn.addProvider, `POST ${base}`, { summary: 'Add an identity provider', ...aProvider })
  at(signOn.listProviders, `GET ${base}`, {
    summary: 'List identity providers',
    reply: Type.Object({ providers: Type.Array(providerView) }),
    show: (found) => ({ providers: found.map(toProvider) }),
  })
  at(signOn.changeProvider, `PATCH ${base}/:name`, { summary: 'Change an identity provider', ...aProvider })
  at(signOn.removeProvider, `DELETE ${base}/:name`, {
    summary: 'Remove an identity provider',
    reply: Type.Object({ removed: Type.Boolean() }),
    show: () => ({ removed: true }),
  })
  at(signOn.makeScimToken, `POST ${base}/:name/scim-token`, {
    summary: 'Make the SCIM token of a provider',
    reply: Type.Object({ token: text }),
    show: (made) => made,
  })
  at(signOn.revokeScimToken, `DELETE ${base}/:name/scim-token`, {
    summary: 'Revoke the SCIM token of a provider',
    reply: Type.Object({ revoked: Type.Boolean() }),
    show: () => ({ revoked: true }),
  })
  at(signOn.addGroupRole, `POST ${base}/:name/roles`, {
    summary: 'Give the members of a group a role',
    reply: Type.Object({ role: roleView, ...warned }),
    show: (made) => ({ role: toRole(made), ...warningIn([made.grant]) }),
    as: { provider: 'name' },
  })
  at(signOn.removeGroupRole, `DELETE ${base}/:name/roles/:roleId`, {
    summary: 'Take a role from a group',
    reply: Type.Object({ removed: Type.Boolean() }),
    show: () => ({ removed: true }),
    as: { provider: 'name', id: 'roleId' },
  })
}

const ruleView = Type.Object({
  ...{ id: text, identityId: text, name: text, ttlSeconds: count, createdAt: time },
  settings: document,
})
const toRule = ({ identity, createdAt, settings, ...rest }: WorkloadRule) => ({
  ...{ ...rest, settings: { ...settings }, identityId: identity, createdAt: createdAt.toISOString() },
})

/** Who may log in as a service without a secret. */
function workloadRoutes(app: App, { signOn, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const base = '/api/v1/identities/:identityId/workload-rules'
  at(signOn.addRule, `POST ${base}`, {
    summary: 'Let a workload log in as a service',
    reply: Type.Object({ rule: ruleView }),
    show: (made) => ({ rule: toRule(made) }),
  })
  at(signOn.listRules, `GET ${base}`, {
    summary: 'List the workload rules of a service',
    reply: Type.Object({ rules: Type.Array(ruleView) }),
    show: (found) => ({ rules: found.map(toRule) }),
  })
  at(signOn.endRule, `DELETE ${base}/:ruleId`, {
    summary: 'End a workload rule and its tokens',
    reply: Type.Object({ ended: Type.Boolean() }),
    show: () => ({ ended: true }),
    as: { id: 'ruleId' },
  })
}
