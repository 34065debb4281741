import type { FastifyInstance } from 'fastify'
import { inTime } from '../in-time.ts'

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
