import { Type } from '@fastify/type-provider-typebox'
import type { Record } from '../audit/record.ts'
import type { Strangers } from '../audit/strangers.ts'
import type { App } from '../platform/http/app-type.ts'
import { granted, HttpError } from '../platform/http/http-error.ts'
import { gives, open } from '../platform/http/reply.ts'
import { bearerOf, requireCall } from './caller.ts'
import { loggedIn } from './grant-fields.ts'
import { logIn, renewToken } from './log-in.ts'
import { type Authentication, type LoggedIn, maxTokenTtl } from './tokens.ts'

const credentials = Type.Object(
  {
    clientId: Type.String({ minLength: 1, maxLength: 128 }),
    clientSecret: Type.String({ minLength: 1, maxLength: 256 }),
  },
  { additionalProperties: false },
)

const renewal = Type.Object(
  { accessToken: Type.String({ minLength: 1, maxLength: 128 }) },
  { additionalProperties: false },
)

export function toAnswer({ accessToken, expiresIn }: LoggedIn) {
  return { accessToken, expiresIn, accessTokenMaxTTL: maxTokenTtl, tokenType: 'Bearer' }
}

export function authRoutes(
  app: App,
  parts: {
    readonly authentication: Authentication
    readonly record: Record
    readonly strangers: Strangers
  },
): void {
  app.post(
    '/api/v1/auth/universal-auth/login',
    { schema: { ...open, ...gives('Log in as a machine identity', loggedIn), body: credentials } },
    async (request) => {
      granted(parts.authentication.roomForStranger(request.ip))
      const { clientId, clientSecret } = request.body
      const asked = { clientId, clientSecret, source: request.ip, door: 'http', reqId: request.id } as const
      const outcome = await logIn(parts, asked)
      if (!outcome.ok) throw new HttpError(401, outcome.rule)
      const { token, call } = outcome.value
      request.call = call
      return toAnswer(token)
    },
  )

  app.post(
    '/api/v1/auth/token/renew',
    { schema: { ...gives('Renew an access token', loggedIn), body: renewal } },
    async (request) => {
      const call = await requireCall(request, parts.authentication)
      const bearer = bearerOf(request) ?? ''
      const { accessToken } = request.body
      return toAnswer(granted(await renewToken(parts, call, { accessToken, bearer })))
    },
  )
}
