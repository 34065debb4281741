import { type TSchema, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requireSignOn } from '../access/break-glass.ts'
import { requireCall } from '../access/caller.ts'
import { conditions } from '../access/conditions.ts'
import { grantList, grantsFrom, grantView, id, loggedIn } from '../access/grant-fields.ts'
import { toAnswer } from '../access/routes.ts'
import { giveSession, isFromConsole } from '../access/session-cookie.ts'
import type { Authentication } from '../access/tokens.ts'
import type { Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import type { App } from '../platform/http/app-type.ts'
import { granted, HttpError } from '../platform/http/http-error.ts'
import { count, gives, givesContent, leadsOn, open, orNull, text } from '../platform/http/reply.ts'
import type { Begun } from './log-in.ts'
import type { SignOn } from './operations.ts'
import type { GroupRole, ShownProvider } from './providers.ts'

const closed = { additionalProperties: false } as const
const slug = Type.String({ minLength: 1, maxLength: 32 })
const address = Type.String({ minLength: 1, maxLength: 512 })
const pem = Type.String({ minLength: 1, maxLength: 16_384 })
const groupsName = Type.String({ minLength: 1, maxLength: 256 })
const scopes = Type.Array(Type.String({ pattern: '^[!#-\\[\\]-~]{1,64}$' }), { maxItems: 16 })
/** Of what a provider says of a log-in by two factors. */
const said = Type.Array(Type.String({ pattern: '^[!-~]{1,256}$' }), { minItems: 1, maxItems: 16 })
const certificates = Type.Array(pem, { minItems: 1, maxItems: 4 })
const clientSecret = Type.Optional(Type.String({ minLength: 1, maxLength: 1024 }))
const oidc = Type.Object(
  {
    kind: Type.Literal('oidc'),
    issuer: address,
    clientId: Type.String({ minLength: 1, maxLength: 256 }),
    ...{ groupsClaim: Type.Optional(groupsName), scopes: Type.Optional(scopes), ca: Type.Optional(pem) },
    ...{ acr: Type.Optional(said), amr: Type.Optional(said) },
  },
  closed,
)
const saml = Type.Object(
  {
    kind: Type.Literal('saml'),
    entityId: address,
    entryPoint: address,
    ...{ certificates, groupsAttribute: Type.Optional(groupsName), acr: Type.Optional(said) },
  },
  closed,
)
const newProvider = Type.Object(
  {
    name: slug,
    organisationId: Type.Optional(id),
    settings: Type.Union([oidc, saml]),
    clientSecret,
  },
  closed,
)
const perhaps = <T extends TSchema>(one: T) => Type.Optional(orNull(one))
const providerChange = Type.Object(
  {
    settings: Type.Optional(
      Type.Object(
        {
          ...{ groupsClaim: perhaps(groupsName), scopes: perhaps(scopes), ca: perhaps(pem) },
          ...{ acr: perhaps(said), amr: perhaps(said), groupsAttribute: perhaps(groupsName) },
          ...{ entryPoint: Type.Optional(address), certificates: Type.Optional(certificates) },
        },
        closed,
      ),
    ),
    clientSecret,
  },
  closed,
)
const byName = Type.Object({ name: slug }, closed)
/** Providers add what they like. */
const anything = Type.Optional(Type.Unknown())
const brings = Type.Object(
  { code: anything, state: anything, error: anything },
  { additionalProperties: true },
)
const newRole = Type.Object(
  { group: Type.String({ minLength: 1, maxLength: 256 }), grant: grantList.items },
  closed,
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
export function signOnRoutes(
  app: App,
  {
    signOn,
    authentication,
    database,
    record,
  }: {
    readonly signOn: SignOn
    readonly authentication: Authentication
    readonly database: Database
    readonly record: Record
  },
): void {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)
  const asked = (request: FastifyRequest) =>
    ({ door: 'http', reqId: request.id, source: request.ip }) as const

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
      granted(authentication.roomForStranger(request.ip))
      return { providers: (await signOn.providerNames()).map((name) => ({ name })) }
    },
  )

  app.get(
    '/api/v1/auth/sign-on/:name/start',
    { schema: { ...open, ...leadsOn('Send a browser to an identity provider'), params: byName } },
    async (request, reply) => {
      granted(authentication.roomForStranger(request.ip))
      const begun = await signOn.begin(request.params.name, asked(request))
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
      granted(authentication.roomForStranger(request.ip))
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
        granted(authentication.roomForStranger(request.ip))
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
    const finished = await signOn.finish({ name, answer, state, browser: browserOf(request) }, asked(request))
    if (!finished.ok) return back(reply, finished.rule)
    request.call = finished.value.call
    return back(reply, 'ready')
  }

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
      granted(authentication.roomForStranger(request.ip))
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
      granted(authentication.roomForStranger(request.ip))
      // Another site could not read the token, but could use the log-in up.
      const site = request.headers['sec-fetch-site']
      if (site !== undefined && site !== 'same-origin') throw new HttpError(401, 'SIGN-ON-STATE')
      const taken = await signOn.takeToken(browserOf(request), asked(request))
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

  app.post(
    '/api/v1/sign-on/providers',
    {
      schema: {
        ...gives('Add an identity provider', Type.Object({ provider: providerView })),
        body: newProvider,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { name, organisationId, settings, clientSecret } = request.body
      const wanted = { name, organisation: organisationId ?? null, settings, secret: clientSecret ?? null }
      return { provider: toProvider(granted(await signOn.addProvider(call, wanted))) }
    },
  )

  const required = Type.Object({ required: Type.Boolean() }, closed)
  app.put(
    '/api/v1/sign-on/required',
    { schema: { ...gives('Require single sign-on, or no longer', required), body: required } },
    async (request) => {
      const call = await callOf(request)
      granted(await requireSignOn({ database, record }, call, request.body.required))
      return request.body
    },
  )

  app.get(
    '/api/v1/sign-on/providers',
    { schema: { ...gives('List identity providers', Type.Object({ providers: Type.Array(providerView) })) } },
    async (request) => {
      const call = await callOf(request)
      return { providers: granted(await signOn.listProviders(call)).map(toProvider) }
    },
  )

  app.patch(
    '/api/v1/sign-on/providers/:name',
    {
      schema: {
        ...gives('Change an identity provider', Type.Object({ provider: providerView })),
        ...{ params: byName, body: providerChange },
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { settings = {}, clientSecret: secret = null } = request.body
      const wanted = { name: request.params.name, change: { settings, secret } }
      return { provider: toProvider(granted(await signOn.changeProvider(call, wanted))) }
    },
  )

  app.delete(
    '/api/v1/sign-on/providers/:name',
    {
      schema: {
        ...gives('Remove an identity provider', Type.Object({ removed: Type.Boolean() })),
        params: byName,
      },
    },
    async (request) => {
      const call = await callOf(request)
      granted(await signOn.removeProvider(call, request.params.name))
      return { removed: true }
    },
  )

  app.post(
    '/api/v1/sign-on/providers/:name/scim-token',
    {
      schema: { ...gives('Make the SCIM token of a provider', Type.Object({ token: text })), params: byName },
    },
    async (request) => {
      const call = await callOf(request)
      return granted(await signOn.makeScimToken(call, request.params.name))
    },
  )

  app.delete(
    '/api/v1/sign-on/providers/:name/scim-token',
    {
      schema: {
        ...gives('Revoke the SCIM token of a provider', Type.Object({ revoked: Type.Boolean() })),
        params: byName,
      },
    },
    async (request) => {
      const call = await callOf(request)
      granted(await signOn.revokeScimToken(call, request.params.name))
      return { revoked: true }
    },
  )

  app.post(
    '/api/v1/sign-on/providers/:name/roles',
    {
      schema: {
        ...gives('Give the members of a group a role', Type.Object({ role: roleView })),
        params: byName,
        body: newRole,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { group, grant } = request.body
      const [given] = grantsFrom([grant])
      if (given === undefined) throw new HttpError(422, 'REQUEST-FIELDS')
      const made = await signOn.addGroupRole(call, { provider: request.params.name, group, grant: given })
      return { role: toRole(granted(made)) }
    },
  )

  app.delete(
    '/api/v1/sign-on/providers/:name/roles/:roleId',
    {
      schema: {
        ...gives('Take a role from a group', Type.Object({ removed: Type.Boolean() })),
        params: Type.Object({ name: slug, roleId: id }, closed),
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { name: provider, roleId } = request.params
      granted(await signOn.removeGroupRole(call, { provider, id: roleId }))
      return { removed: true }
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
  ...{ ...rest, organisationId: organisation, roles: roles.map(toRole) },
})

const toRole = ({ id: roleId, group, grant }: GroupRole) => ({
  ...{ id: roleId, group },
  grant: {
    ...{ role: grant.role, organisationId: grant.organisation, projectId: grant.project },
    ...(grant.conditions ? { conditions: grant.conditions } : {}),
  },
})
