import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../platform/http/app-type.ts'
import { HttpError } from '../platform/http/http-error.ts'
import type { Services } from '../services.ts'

const credentials = Type.Object(
  {
    clientId: Type.String({ minLength: 1, maxLength: 128 }),
    clientSecret: Type.String({ minLength: 1, maxLength: 256 }),
  },
  { additionalProperties: false },
)

export function authRoutes(app: App, services: Services): void {
  app.post('/api/v1/auth/universal-auth/login', { schema: { body: credentials } }, async (request) => {
    const { clientId, clientSecret } = request.body
    const result = await services.authentication.logIn(clientId, clientSecret, request.ip)
    // One text for every reason.
    if (result === 'refused') throw new HttpError(401, 'LOGIN-REFUSED')
    // The entry of a login holds the hash of neither body: both hold secrets of full entropy, but for ever.
    request.trail.request = null
    return {
      accessToken: result.accessToken,
      expiresIn: result.expiresIn,
      accessTokenMaxTTL: result.expiresIn,
      tokenType: 'Bearer',
    }
  })
}
