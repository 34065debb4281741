import { type Static, type TProperties, type TSchema, Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { requireCall } from '../../access/caller.ts'
import type { Authentication } from '../../access/tokens.ts'
import type { AnyEntry, EntryInput, EntryOutput } from '../../operations/entry.ts'
import type { Operation } from '../../operations/pipeline.ts'
import type { App } from '../../platform/http/app-type.ts'
import { decodeField } from '../../platform/http/base64-field.ts'
import { badRequest, granted } from '../../platform/http/http-error.ts'
import { numberIn } from '../../platform/http/query.ts'
import { gives, type Sent } from '../../platform/http/reply.ts'

declare module 'fastify' {
  interface FastifySchema {
    /** What the audit enters: the document names it too. */
    'x-operation'?: string
  }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
type Asked = { readonly params: object; readonly query: object; readonly body: unknown }

/** One address of an operation. Its input is in the path, and else in the query or the body, by the entry's own fields. */
type Address<E extends AnyEntry, Reply extends TSchema> = {
  readonly summary: string
  readonly reply: Reply
  readonly show: (value: EntryOutput<E>, input: EntryInput<E>) => Sent<Static<Reply>>
  /** What a field is called here, also in an item, where that is not its own name; null: nobody says it here. */
  readonly as?: Names
  /** The body may say again which key it is: the SDK does. */
  readonly repeatsKey?: true
  /** In place of what the entry's fields would make of the query. */
  readonly query?: { readonly schema: TSchema; read(query: never): Omit<EntryInput<E>, 'id'> }
}

const closed = { additionalProperties: false } as const
const usual: Readonly<Record<string, string>> = {
  ...{ id: 'keyId', project: 'projectId', organisation: 'organisationId' },
}

type Names = Readonly<Record<string, string | null>>
type Named = { readonly field: string; readonly name: string; readonly schema: Field }

type Field = TSchema & {
  readonly '~optional'?: true
  readonly bytes?: number
  readonly characters?: number
  readonly given?: true
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Field
  readonly properties?: Readonly<Record<string, Field>>
}

/** Operations at their addresses: each schema, and so the API's document, is made from the entry. */
export function openRest(app: App, authentication: Authentication) {
  return <E extends AnyEntry, Reply extends TSchema>(
    operation: Operation<E>,
    place: `${Method} /${string}`,
    { summary, reply, show, as = {}, repeatsKey, query }: Address<E, Reply>,
  ): void => {
    // As its type has it.
    const [method, url] = place.split(' ') as [Method, string]
    const inPath = [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
    const said = named(operation.entry.input, as).filter(
      ({ name }) => query === undefined || inPath.includes(name),
    )
    const params = said.filter(({ name }) => inPath.includes(name))
    const rest = said.filter(({ name }) => !inPath.includes(name))
    const asText = method === 'GET' || method === 'DELETE'
    if (params.length !== inPath.length) throw new Error(`${place}: no field is what its path has`)
    if (method === 'PATCH' && rest.length === 0) throw new Error(`${place}: it changes nothing`)
    const ofQuery = asText && rest.length > 0 ? object(rest, inWords) : undefined
    // TypeBox keeps fields as the schemas that they are.
    const repeated = repeatsKey ? { keyId: Type.Optional(operation.entry.input.id as TSchema) } : {}
    const ofBody =
      asText || rest.length === 0 ? undefined : object(rest, (field) => onWire(field, as), repeated, method)

    const read = ({ params: path, query: words, body }: Asked): EntryInput<E> => {
      const input: Record<string, unknown> = {}
      for (const { field, name, schema } of params)
        input[field] = fromWords(name, schema, fieldOf(path, name))
      for (const { field, name, schema } of rest) {
        const value = fieldOf(asText ? words : body, name)
        if (value !== undefined)
          input[field] = asText ? fromWords(name, schema, value) : fromWire(name, schema, value, as)
      }
      if (repeatsKey && fieldOf(body, 'keyId') !== undefined && fieldOf(body, 'keyId') !== input.id)
        throw badRequest('KEY-ID-DIFFERS', 'keyId in the body is not the one in the path')
      // What the schemas let through is of these fields.
      return { ...input, ...(query === undefined ? {} : query.read(words as never)) } as EntryInput<E>
    }

    app.route({
      ...{ method, url },
      schema: {
        ...gives(summary, reply),
        'x-operation': operation.entry.name,
        ...(params.length > 0 ? { params: object(params, inPathWords) } : {}),
        ...(query !== undefined
          ? { querystring: query.schema }
          : ofQuery === undefined
            ? {}
            : { querystring: ofQuery }),
        ...(ofBody === undefined ? {} : { body: ofBody }),
      },
      config: { operation: operation.entry },
      async handler(request: FastifyRequest) {
        const call = await requireCall(request, authentication)
        // The schemas above have seen path and query.
        const input = read(request as unknown as Asked)
        return show(granted(await operation(call, input)), input) as never
      },
    })
  }
}

function object(
  fields: readonly { readonly name: string; readonly schema: Field }[],
  as: (schema: Field) => TSchema,
  more: TProperties = {},
  method?: Method,
) {
  const all = fields.map(({ name, schema }) => [name, optionalAs(schema, as(schema))] as const)
  return Type.Object(
    { ...Object.fromEntries(all), ...more },
    { ...closed, ...(method === 'PATCH' ? { minProperties: 1 } : {}) },
  )
}

const optionalAs = (field: Field, schema: TSchema): TSchema =>
  field['~optional'] === true ? Type.Optional(schema) : schema

/** Fields by what they are called here. */
const named = (fields: Readonly<Record<string, Field>>, as: Names): readonly Named[] =>
  Object.entries(fields).flatMap(([field, schema]) => {
    const name = as[field] === undefined ? (usual[field] ?? field) : as[field]
    return name === null ? [] : [{ field, name, schema }]
  })

/** As JSON says it. Throws what only another door can say. */
function onWire(field: Field, as: Names): TSchema {
  if (field.given) throw new Error('REST has no words for this field')
  if (field.bytes !== undefined) return Type.String({ maxLength: field.characters ?? 0 })
  if (field.items !== undefined) return { ...field, items: onWire(field.items, as) }
  if (field.properties === undefined) return field
  return object(named(field.properties, as), (part) => onWire(part, as))
}

const inWords = (field: Field): TSchema =>
  field.type === 'integer' ? Type.String({ pattern: '^[0-9]{1,9}$' }) : field
const inPathWords = (field: Field): TSchema =>
  field.type === 'integer' ? Type.String({ pattern: '^[1-9][0-9]{0,8}$' }) : field

const fieldOf = (from: unknown, name: string): unknown => Object(from)[name]

function fromWords(name: string, { type, minimum = 0, maximum = 1e9 }: Field, value: unknown): unknown {
  return type === 'integer' ? numberIn(name, String(value), minimum, maximum, 0) : value
}

function fromWire(name: string, field: Field, value: unknown, as: Names): unknown {
  if (field.bytes !== undefined) return decodeField(name, String(value))
  if (field.items?.properties === undefined || !Array.isArray(value)) return value
  const parts = named(field.items.properties, as)
  return value.map((item) => {
    const own: Record<string, unknown> = {}
    for (const { field: part, name: called, schema } of parts) {
      const its = fieldOf(item, called)
      if (its !== undefined) own[part] = fromWire(called, schema, its, as)
    }
    return own
  })
}
