import { type Static, type TSchema, type TUnsafe, Type } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { inTime } from '../in-time.ts'
import type { ErrorBody } from './http-error.ts'

/** What a handler may give for a schema: nothing of it is changed on its way out. */
export type Sent<T> = T extends readonly (infer Element)[]
  ? readonly Sent<Element>[]
  : T extends object
    ? { readonly [Name in keyof T]: Sent<T[Name]> }
    : T

/** What a route is for and what it answers. The reply is written by this schema, and the API's document has it. */
export const gives = <T extends TSchema, Status extends number = 200>(
  summary: string,
  reply: T,
  // The type says so where none is given.
  status = 200 as Status,
) => ({
  summary,
  // Checked by its own type where a handler gives it; a computed name would lose which status it is.
  response: { [status]: { ...reply, description: 'Done' } } as unknown as {
    readonly [S in Status]: TUnsafe<Sent<Static<T>>>
  },
})

/** A reply that is no JSON of a fixed form: a file, lines, another protocol's message. */
export const givesContent = (summary: string, type: string) => ({
  summary,
  response: { 200: content(type) as unknown as TUnsafe<unknown> },
})

/** One reply of a type of its own. */
export const content = (type: string, description = 'Done') => ({
  description,
  content: { [type]: { schema: Type.String() } },
})

/** A redirect; there is no body. */
export const leadsOn = (summary: string) => ({
  summary,
  response: { 303: { description: 'Where to go on', type: 'null' } as unknown as TUnsafe<unknown> },
})

/** Asked before anybody is known. */
export const open = { security: [] as { [name: string]: readonly string[] }[] }

export const text = Type.String()
export const time = Type.String({ format: 'date-time' })
export const count = Type.Integer({ minimum: 0 })
export const base64 = Type.String({ contentEncoding: 'base64' })
export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
/** What identities and keys are called, by id. */
export const names = Type.Record(text, text)
/** A document that its own specification describes, signed or as another system has it. */
export const document = Type.Object({}, { additionalProperties: true })

/** A refusal or failure. Some say more: which fields do not fit, or a signed refusal. */
export const refusal = Type.Object(
  {
    reqId: text,
    statusCode: Type.Integer(),
    message: Type.String({ description: 'What happened, and what to do' }),
    error: text,
    code: Type.String({ description: 'The reason, as the list of codes has it' }),
    why: Type.Optional(text),
    remedy: Type.Optional(text),
  },
  { $id: 'Refusal', description: 'Refused or failed, and why', additionalProperties: true },
)

/** As a handler itself sends it. */
export const refusedBody = { $ref: 'Refusal#' } as unknown as TUnsafe<ErrorBody>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It reads or walks as much as there is: a stream, or the whole audit log. It is answered once that is done. */
    readonly takesTime?: true
    /** What the entry says of the operation that it is the address of. */
    readonly operation?: {
      readonly deadline: number | null
      readonly repeats: 'done-again' | 'reply-kept'
    }
  }
  interface FastifyRequest {
    /** By `performance.now()`; 0 until its work begins. */
    deadline: number
    /** Its reply is on its way. */
    answered: boolean
    /** What still goes on although who asked was told SERVER-BUSY. */
    late: Promise<unknown> | null
  }
}

/** Each handler ends in time, of routes that come after. */
export function replyInTime(app: FastifyInstance): void {
  app.decorateRequest('deadline', 0)
  app.decorateRequest('answered', false)
  app.decorateRequest('late', null)
  app.addHook('onRoute', (route) => {
    const deadline = route.config?.operation?.deadline
    if (route.config?.takesTime || deadline === null) return
    const { handler } = route
    route.handler = function inItsTime(request, reply) {
      const work: unknown = handler.call(this, request, reply)
      return work instanceof Promise ? inTime(request, work, deadline) : work
    }
  })
}
