import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import type { App } from '../platform/http/app-type.ts'
import { granted, HttpError } from '../platform/http/http-error.ts'
import { count, gives, open, orNull, text, time } from '../platform/http/reply.ts'
import { setBreakGlass } from './break-glass.ts'
import { bearerOf, requireCall } from './caller.ts'
import type { Credential, CredentialOperations, MadeApiKey } from './credentials.ts'
import { enrolment, grantList, grantsFrom, id, loggedIn, name } from './grant-fields.ts'
import { logOutEverywhere } from './log-out.ts'
import type { Enrolment, PeopleOperations } from './people.ts'
import { toAnswer } from './routes.ts'
import { sessionTokenOf } from './session-cookie.ts'
import { type Authentication, maxTokenTtl, minTokenTtl } from './tokens.ts'
import { personLogIn } from './webauthn/response-fields.ts'

const closed = { additionalProperties: false } as const
const code = Type.String({ minLength: 1, maxLength: 64 })
const password = Type.String({ minLength: 1, maxLength: 256 })
const totp = Type.String({ pattern: '^[0-9]{6}$' })
const username = Type.String({ minLength: 1, maxLength: 64 })

const credential = Type.Object({
  id: text,
  kind: Type.Enum(['client-secret', 'token', 'api-key']),
  name: orNull(text),
  createdAt: time,
  expiresAt: orNull(time),
})
const apiKey = Type.Object({
  id: text,
  token: text,
  expiresAt: time,
  aws: Type.Object({ accessKeyId: text, secretAccessKey: text }),
})

/** People, and the secrets, tokens and API keys of every identity. */
export function peopleRoutes(
  app: App,
  parts: {
    readonly database: Database
    readonly record: Record
    readonly people: PeopleOperations
    readonly credentials: CredentialOperations
    readonly authentication: Authentication
    now(): Date
  },
): void {
  const { people, credentials, authentication } = parts
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)
  const asked = (request: FastifyRequest) =>
    ({ door: 'http', reqId: request.id, source: request.ip }) as const

  const invited = Type.Object({ username, name, grants: grantList }, closed)
  app.post(
    '/api/v1/people',
    { schema: { ...gives('Invite a person', Type.Object({ enrolment })), body: invited } },
    async (request) => {
      const call = await callOf(request)
      const { grants, ...rest } = request.body
      return {
        enrolment: toEnrolment(granted(await people.invite(call, { ...rest, grants: grantsFrom(grants) }))),
      }
    },
  )

  const byPerson = Type.Object({ identityId: id }, closed)
  app.post(
    '/api/v1/people/:identityId/reset',
    { schema: { ...gives('Let a person enrol again', Type.Object({ enrolment })), params: byPerson } },
    async (request) => {
      const call = await callOf(request)
      return { enrolment: toEnrolment(granted(await people.reset(call, request.params.identityId))) }
    },
  )

  app.post(
    '/api/v1/auth/log-out-everywhere',
    { schema: { ...gives('End every session and token of one’s own', Type.Object({ ended: count })) } },
    async (request) => {
      const call = await callOf(request)
      return granted(await logOutEverywhere(parts, call, call.caller.identity))
    },
  )

  app.post(
    '/api/v1/identities/:identityId/log-out',
    {
      schema: {
        ...gives('End every session and token of an identity', Type.Object({ ended: count })),
        params: byPerson,
      },
    },
    async (request) => {
      const call = await callOf(request)
      return granted(await logOutEverywhere(parts, call, request.params.identityId))
    },
  )

  const breakGlass = Type.Object({ breakGlass: Type.Boolean() }, closed)
  app.put(
    '/api/v1/people/:identityId/break-glass',
    {
      schema: {
        ...gives('Let a person log in by password where single sign-on is required', breakGlass),
        params: byPerson,
        body: breakGlass,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const wanted = { identity: request.params.identityId, on: request.body.breakGlass }
      granted(await setBreakGlass(parts, call, wanted))
      return request.body
    },
  )

  const begin = Type.Object({ code }, closed)
  app.post(
    '/api/v1/auth/password/begin-enrolment',
    { schema: { ...open, ...gives('Begin to enrol', Type.Object({ totpUri: text })), body: begin } },
    async (request) => {
      granted(authentication.roomForStranger(request.ip))
      const { totpUri, call } = granted(await people.beginEnrolment(request.body.code, asked(request)))
      request.call = call
      return { totpUri }
    },
  )

  const enrol = Type.Object({ code, password, totp }, closed)
  app.post(
    '/api/v1/auth/password/enrol',
    {
      schema: {
        ...open,
        ...gives('Set password and second factor', Type.Object({ enrolled: Type.Boolean() })),
        body: enrol,
      },
    },
    async (request) => {
      granted(authentication.roomForStranger(request.ip))
      request.call = granted(await people.enrol(request.body, asked(request))).call
      return { enrolled: true }
    },
  )

  app.post(
    '/api/v1/auth/password/login',
    { schema: { ...open, ...gives('Log in as a person', loggedIn), body: personLogIn } },
    async (request) => {
      granted(authentication.roomForStranger(request.ip))
      const outcome = await people.logIn(request.body, asked(request))
      if (!outcome.ok) throw new HttpError(401, outcome.rule)
      request.call = outcome.value.call
      return toAnswer(outcome.value.token)
    },
  )

  const newPassword = Type.Object({ password, newPassword: password }, closed)
  app.post(
    '/api/v1/auth/password/change',
    {
      schema: {
        ...gives('Change one’s own password', Type.Object({ changed: Type.Boolean() })),
        body: newPassword,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const accessToken = bearerOf(request) ?? sessionTokenOf(request) ?? ''
      const { password: old, newPassword: wanted } = request.body
      granted(await people.changePassword(call, { accessToken, old, password: wanted }))
      return { changed: true }
    },
  )

  const byIdentity = Type.Object({ identityId: id }, closed)
  app.get(
    '/api/v1/identities/:identityId/credentials',
    {
      schema: {
        ...gives('List the credentials of an identity', Type.Object({ credentials: Type.Array(credential) })),
        params: byIdentity,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const found = granted(await credentials.list(call, request.params.identityId))
      return { credentials: found.map(toCredential) }
    },
  )

  app.post(
    '/api/v1/identities/:identityId/client-secrets',
    {
      schema: {
        ...gives(
          'Add a client secret',
          Type.Object({ clientSecret: Type.Object({ id: text, clientId: text, clientSecret: text }) }),
        ),
        params: byIdentity,
      },
    },
    async (request) => {
      const call = await callOf(request)
      return { clientSecret: granted(await credentials.addSecret(call, request.params.identityId)) }
    },
  )

  const newApiKey = Type.Object(
    { name, ttlSeconds: Type.Integer({ minimum: minTokenTtl, maximum: maxTokenTtl }) },
    closed,
  )
  app.post(
    '/api/v1/identities/:identityId/api-keys',
    { schema: { ...gives('Make an API key', Type.Object({ apiKey })), params: byIdentity, body: newApiKey } },
    async (request) => {
      const call = await callOf(request)
      const wanted = { identity: request.params.identityId, ...request.body }
      return { apiKey: toApiKey(granted(await credentials.addApiKey(call, wanted))) }
    },
  )

  const byCredential = Type.Object({ identityId: id, credentialId: id }, closed)
  app.post(
    '/api/v1/identities/:identityId/api-keys/:credentialId/rotate',
    { schema: { ...gives('Replace an API key', Type.Object({ apiKey })), params: byCredential } },
    async (request) => {
      const call = await callOf(request)
      const { identityId: identity, credentialId } = request.params
      const made = await credentials.rotateApiKey(call, { identity, id: credentialId })
      return { apiKey: toApiKey(granted(made)) }
    },
  )

  app.delete(
    '/api/v1/identities/:identityId/credentials/:credentialId',
    {
      schema: {
        ...gives('Revoke a credential', Type.Object({ revoked: Type.Boolean() })),
        params: byCredential,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { identityId: identity, credentialId } = request.params
      granted(await credentials.revoke(call, { identity, id: credentialId }))
      return { revoked: true }
    },
  )
}

export const toEnrolment = ({ identity, username: called, code: given, expiresAt }: Enrolment) => ({
  ...{ identityId: identity, username: called, code: given, expiresAt: expiresAt.toISOString() },
})

const toCredential = ({ createdAt, expiresAt, ...rest }: Credential) => ({
  ...{ ...rest, createdAt: createdAt.toISOString(), expiresAt: expiresAt?.toISOString() ?? null },
})

const toApiKey = ({ expiresAt, ...rest }: MadeApiKey) => ({
  ...{ ...rest, expiresAt: expiresAt.toISOString() },
})
