import { HsmError } from '@lux/hsm'
import { statusOf } from '@lux/node-files'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Authentication } from '../../access/tokens.ts'
import type { Call } from '../../audit/record.ts'
import type { KeyOperations } from '../../keys/operations.ts'
import { admit } from '../../operations/pipeline.ts'
import type { App } from '../../platform/http/app-type.ts'
import { EnvironmentError, type Outcome, refuse } from '../../refusal.ts'
import { refusalTexts } from '../../refusal-texts.ts'
import { vaultMembers } from '../members.ts'
import { type Body, bodyOf, FieldFault } from '../place.ts'
import { answerVault } from './operations.ts'

type Parts = { readonly keys: KeyOperations; readonly authentication: Authentication; now(): Date }

/** The HTTP API of Vault's and OpenBao's transit engine, for their clients as they are; X-Vault-Token is an access token or API key. */
export function vaultRoutes(app: App, { keys, authentication, now }: Parts): void {
  app.register(async (own) => {
    own.removeAllContentTypeParsers()
    // Clients send JSON, and not all of them say so.
    own.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

    const replyRefused = (reply: FastifyReply, status: number, said: string) =>
      reply
        .code(status)
        .type('application/json')
        .send(JSON.stringify({ errors: [said] }))

    const answered = (request: FastifyRequest, reply: FastifyReply, data: Body | null) =>
      data === null
        ? reply.code(204).send()
        : reply.type('application/json').send(
            JSON.stringify({
              ...{ request_id: request.id, lease_id: '', renewable: false, lease_duration: 0 },
              ...{ data, wrap_info: null, warnings: null, auth: null },
            }),
          )

    async function admitted(request: FastifyRequest) {
      const token = /^[A-Za-z0-9_-]{43}$/.exec(String(request.headers['x-vault-token'] ?? ''))?.[0]
      const caller = token === undefined ? 'unknown' : await authentication.find(token)
      if (caller === 'unknown') return null
      const circumstances = { time: now(), source: request.ip }
      return admit({ ...caller, circumstances }, { door: 'vault', reqId: request.id }, authentication)
    }

    async function asked(
      request: FastifyRequest,
      reply: FastifyReply,
      work: (call: Call) => Promise<Outcome<Body | null>>,
    ) {
      const admission = await admitted(request)
      if (admission === null)
        return replyRefused(reply, 403, `permission denied: ${saying('ACCESS-REFUSED')}`)
      const { call, room } = admission
      request.call = call
      const outcome = room.ok ? await work(call) : room
      if (outcome.ok) return answered(request, reply, outcome.value)
      const { rule, detail } = outcome
      return replyRefused(reply, statusFor(rule), `${saying(rule)} (${rule}: ${detail})`)
    }

    own.setErrorHandler((error, request, reply) => {
      if (error instanceof FieldFault)
        return replyRefused(reply, 400, `${saying('REQUEST-FIELDS')} (REQUEST-FIELDS: ${error.message})`)
      if (!(error instanceof EnvironmentError || error instanceof HsmError)) throw error
      request.log.error({ code: error.code, error: error.message }, 'request failed')
      return replyRefused(reply, 503, saying(error.code))
    })

    // Its keys are just those of the table.
    for (const place of Object.keys(vaultMembers) as (keyof typeof vaultMembers)[]) {
      const [method = '', path = ''] = place.split(' ')
      own.route<{ Body: Buffer; Params: Record<string, string>; Querystring: Record<string, unknown> }>({
        // A client says PUT or POST for the same.
        method: method === 'POST' ? ['POST', 'PUT'] : method,
        url: `/v1/transit/${path}`,
        schema: { hide: true },
        handler: (request, reply) =>
          asked(request, reply, (call) => {
            const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
            const body = method === 'GET' ? { ...request.query } : bodyOf(bytes)
            return answerVault(place, { call, keys, body, params: request.params })
          }),
      })
    }

    own.all('/v1/*', { schema: { hide: true } }, (request, reply) =>
      asked(request, reply, async () => refuse('ROUTE-ABSENT', 'no such call')),
    )

    // By which a client sees whether its token is good. It reads nothing, and is entered as every call is.
    own.get('/v1/auth/token/lookup-self', { schema: { hide: true } }, (request, reply) =>
      asked(request, reply, async (call) => ({
        ok: true,
        value: { id: 'hidden', display_name: call.caller.identity, policies: [], type: 'service' },
      })),
    )
  })
}

/** The engine knows few statuses, and its clients tell their errors apart by them. */
function statusFor(rule: string): number {
  const status = statusOf(rule)
  return status === 409 || status === 413 || status === 422 ? 400 : status
}

function saying(code: string): string {
  const text = refusalTexts.of(code)
  return text === null ? code : `${text.what}. What to do: ${text.remedy}`
}
