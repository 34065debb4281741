import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { App } from '../../platform/http/app-type.ts'
import { granted } from '../../platform/http/http-error.ts'
import { document, gives, open, orNull, text, time } from '../../platform/http/reply.ts'
import { requireCall } from '../caller.ts'
import { id, name } from '../grant-fields.ts'
import type { Authentication } from '../tokens.ts'
import type { Authenticator, Authenticators } from './authenticators.ts'
import { registration } from './response-fields.ts'

const closed = { additionalProperties: false } as const

const authenticator = Type.Object({ id: text, name: text, createdAt: time, usedAt: orNull(time) })
/** As WebAuthn has them. */
const challenge = Type.Object({ options: document })

/** A person's own authenticators, and what a log-in by one of them begins with. */
export function authenticatorRoutes(
  app: App,
  {
    authenticators,
    authentication,
  }: { readonly authenticators: Authenticators; readonly authentication: Authentication },
): void {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)
  const base = '/api/v1/authenticators'

  app.post(
    '/api/v1/auth/webauthn/challenge',
    { schema: { ...open, ...gives('Begin a log-in by an authenticator', challenge) } },
    async (request) => {
      granted(authentication.roomForStranger(request.ip))
      return { options: granted(await authenticators.ask()) }
    },
  )

  app.get(
    base,
    {
      schema: gives(
        'List one’s own authenticators',
        Type.Object({ authenticators: Type.Array(authenticator) }),
      ),
    },
    async (request) => {
      const found = granted(await authenticators.list(await callOf(request)))
      return { authenticators: found.map(toAnswer) }
    },
  )

  app.post(
    `${base}/challenge`,
    { schema: gives('Begin to add an authenticator', challenge) },
    async (request) => {
      return { options: granted(await authenticators.begin(await callOf(request))) }
    },
  )

  const added = Type.Object({ name, response: registration }, closed)
  app.post(
    base,
    { schema: { ...gives('Add an authenticator', Type.Object({ authenticator })), body: added } },
    async (request) => {
      const call = await callOf(request)
      return { authenticator: toAnswer(granted(await authenticators.add(call, request.body))) }
    },
  )

  const one = Type.Object({ authenticatorId: id }, closed)
  app.delete(
    `${base}/:authenticatorId`,
    {
      schema: { ...gives('Remove an authenticator', Type.Object({ removed: Type.Boolean() })), params: one },
    },
    async (request) => {
      const call = await callOf(request)
      granted(await authenticators.remove(call, request.params.authenticatorId))
      return { removed: true }
    },
  )
}

const toAnswer = ({ createdAt, usedAt, ...rest }: Authenticator) => ({
  ...{ ...rest, createdAt: createdAt.toISOString(), usedAt: usedAt?.toISOString() ?? null },
})
