import type { FastifyContextConfig, FastifySchema } from 'fastify'

/** The header by which a caller names a call, so that it is done once. */
export const namedBy = 'idempotency-key'

type Route = {
  readonly method?: string | readonly string[]
  readonly url?: string | undefined
  readonly schema?: FastifySchema | undefined
  readonly config?: FastifyContextConfig | undefined
}

/** Whether a route keeps its reply under the caller's name for it: of a known caller, and of what changes something. */
export function keepsReply({ method, url = '', schema, config }: Route): boolean {
  if (config?.operation) return method === 'POST' && config.operation.repeats === 'reply-kept'
  if (method !== 'POST' || !url.startsWith('/api/v1/')) return false
  return schema?.hide !== true && schema?.security === undefined
}
