import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { App } from '../../src/platform/http/app-type.ts'

type Schema = { readonly [name: string]: unknown }

/**
 * Holds every JSON reply against the schema of its route, where nothing may be that the schema does not name: the serialiser
 * would leave it out without a word.
 */
export function requireExactReplies(app: Pick<App, 'addHook'>): void {
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  const known = new Map<unknown, ReturnType<typeof ajv.compile>>()
  app.addHook('preSerialization', async (request, reply, payload) => {
    const { response } = (request.routeOptions.schema ?? {}) as { response?: { [status: string]: Schema } }
    const schema = response?.[String(reply.statusCode)]
    if (schema === undefined || '$ref' in schema || 'content' in schema) return payload
    let check = known.get(schema)
    if (check === undefined) {
      check = ajv.compile(closed(schema) as Schema)
      known.set(schema, check)
    }
    // As it goes out, and not as it is here.
    if (!check(JSON.parse(JSON.stringify(payload))))
      throw new Error(`${request.method} ${request.routeOptions.url} answers ${ajv.errorsText(check.errors)}`)
    return payload
  })
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  return inner.type === 'object' && 'properties' in inner && inner.additionalProperties === undefined
    ? { ...inner, additionalProperties: false }
    : inner
}
