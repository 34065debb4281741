import { Type } from '@fastify/type-provider-typebox'
import type { Record } from '../audit/record.ts'
import type { App } from '../platform/http/app-type.ts'
import { HttpError } from '../platform/http/http-error.ts'
import { logIn } from './log-in.ts'
import type { Authentication } from './tokens.ts'

const credentials = Type.Object(
  {
    clientId: Type.String({ minLength: 1, maxLength: 128 }),
    clientSecret: Type.String({ minLength: 1, maxLength: 256 }),
  },
  { additionalProperties: false },
)

export function authRoutes(
  app: App,
  parts: { readonly authentication: Authentication; readonly record: Record },
): void {
  app.post('/api/v1/auth/universal-auth/login', { schema: { body: credentials } }, async (request) => {
    const { clientId, clientSecret } = request.body
    const asked = { clientId, clientSecret, source: request.ip, door: 'http', reqId: request.id } as const
    const outcome = await logIn(parts, asked)
    if (!outcome.ok) throw new HttpError(401, outcome.rule)
    const { token, call } = outcome.value
    request.call = call
    return {
      accessToken: token.accessToken,
      expiresIn: token.expiresIn,
      accessTokenMaxTTL: token.expiresIn,
      tokenType: 'Bearer',
    }
  })
}
