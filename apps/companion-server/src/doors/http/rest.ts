import { Readable } from 'node:stream'
import { type Static, type TProperties, type TSchema, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requireCall } from '../../access/caller.ts'
import type { Authentication } from '../../access/tokens.ts'
import type { AnyEntry, EntryInput, EntryOutput } from '../../operations/entry.ts'
import type { Operation } from '../../operations/pipeline.ts'
import type { App } from '../../platform/http/app-type.ts'
import { decodeField } from '../../platform/http/base64-field.ts'
import { badRequest, granted } from '../../platform/http/http-error.ts'
import { numberIn, timeIn } from '../../platform/http/query.ts'
import { document, gives, type Sent } from '../../platform/http/reply.ts'
import type { Outcome } from '../../refusal.ts'

declare module 'fastify' {
  interface FastifySchema {
    /** What the audit enters: the document names it too. */
    'x-operation'?: string
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Asked = { readonly params: object; readonly query: object; readonly body: unknown }

/** One address of an operation. Its input is in the path, and else in the query or the body, by the entry's own fields. */
type Address<E extends AnyEntry> = {
  readonly summary: string
  /** What a field is called here, also in an item, where that is not its own name; null: nobody says it here. */
  readonly as?: Names
  /** The body may say again which key it is: the SDK does. */
  readonly repeatsKey?: true
  /** What this address says by being called. */
  readonly fixed?: Partial<EntryInput<E>>
  /** The field that is the body as a whole. One of a stream always is. */
  readonly whole?: string
  /** In place of what the entry's fields would make of the query. */
  readonly query?: { readonly schema: TSchema; read(query: never): Omit<EntryInput<E>, 'id'> }
}

/** JSON of a form. */
type Shown<E extends AnyEntry, Reply extends TSchema> = {
  readonly reply: Reply
  readonly status?: 202
  readonly show: (value: EntryOutput<E>, input: EntryInput<E>) => Sent<Static<Reply>>
}

/** A file, lines, or a document that is written here. */
type Written<E extends AnyEntry> = {
  readonly content: Readonly<Record<string, TSchema>>
  readonly description?: string
  /** What the query asks of the form of the reply. */
  readonly more?: TProperties
  readonly send: (value: EntryOutput<E>, on: { request: FastifyRequest; reply: FastifyReply }) => unknown
}

const closed = { additionalProperties: false } as const
const usual: Readonly<Record<string, string>> = {
  ...{ id: 'keyId', key: 'keyId', identity: 'identityId' },
  ...{ project: 'projectId', organisation: 'organisationId' },
}

type Names = Readonly<Record<string, string | null>>
type Named = { readonly field: string; readonly name: string; readonly schema: Field }

type Field = TSchema & {
  readonly '~optional'?: true
  readonly bytes?: number
  readonly characters?: number
  readonly stream?: number
  readonly contentType?: string
  readonly document?: number
  readonly check?: (value: unknown) => Outcome<unknown>
  readonly moment?: true
  readonly given?: true
  readonly foreign?: true
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minProperties?: number
  readonly items?: Field
  readonly properties?: Readonly<Record<string, Field>>
}

/** Operations at their addresses: each schema, and so the API's document, is made from the entry. */
export function openRest(app: App, authentication: Authentication) {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)

  return <E extends AnyEntry, Reply extends TSchema = never>(
    operation: Operation<E>,
    place: `${Method} /${string}`,
    address: Address<E> & (Shown<E, Reply> | Written<E>),
  ): void => {
    const { entry } = operation
    const { summary, query } = address
    // As its type has it.
    const [method, url] = place.split(' ') as [Method, string]
    const fields = placed(entry, place, address)
    const { long } = fields
    app.route({
      ...{ method, url },
      schema: {
        ...('show' in address ? gives(summary, address.reply, address.status) : written(address)),
        'x-operation': entry.name,
        ...(fields.params.length > 0 ? { params: object(fields.params, inPathWords) } : {}),
        ...(query !== undefined ? { querystring: query.schema } : schemaOf(fields, address, method)),
      },
      config: { operation: entry },
      // What is read once is not read by who is shown nothing.
      ...(method === 'GET' ? { exposeHeadRoute: entry.repeats === 'done-again' } : {}),
      // A long body is read for somebody who is known, and for nobody else.
      ...(long === undefined
        ? {}
        : { bodyLimit: long, onRequest: async (request: FastifyRequest) => void (await callOf(request)) }),
      async handler(request: FastifyRequest, reply: FastifyReply) {
        const call = await callOf(request)
        // The schemas above have seen path and query.
        const input = read(fields, address, request as unknown as Asked) as EntryInput<E>
        const value = granted(await operation(call, input))
        if ('send' in address) return address.send(value, { request, reply }) as never
        if (address.status !== undefined) reply.code(address.status)
        // As the reply's schema has it.
        return address.show(value, input) as never
      },
    })
  }
}

function written({
  summary,
  description,
  content,
}: { summary: string } & Pick<Written<AnyEntry>, 'content' | 'description'>) {
  const each = Object.entries(content).map(([type, schema]) => [type, { schema }])
  const response = { 200: { description: 'Done', content: Object.fromEntries(each) } }
  return { summary, response, ...(description === undefined ? {} : { description }) }
}

/** Where each field is said. `long`: the most bytes of a body that is longer than others may be. */
type Fields = {
  readonly params: readonly Named[]
  readonly rest: readonly Named[]
  readonly whole: Named | undefined
  readonly asText: boolean
  readonly long: number | undefined
  readonly repeated: TSchema | undefined
}
type Naming = Pick<Address<AnyEntry>, 'as' | 'repeatsKey' | 'fixed' | 'whole' | 'query'>

function placed(
  { input }: AnyEntry,
  place: string,
  { as = {}, repeatsKey, fixed = {}, whole: wanted, query }: Naming,
): Fields {
  const [method = '', url = ''] = place.split(' ')
  const inPath = [...url.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const said = named(input, as).filter(
    ({ field, name }) => !(field in fixed) && (query === undefined || inPath.includes(name)),
  )
  const params = said.filter(({ name }) => inPath.includes(name))
  const others = said.filter(({ name }) => !inPath.includes(name))
  const whole = others.find(({ field, schema }) => schema.stream !== undefined || field === wanted)
  const rest = others.filter((one) => one !== whole)
  if (params.length !== inPath.length) throw new Error(`${place}: no field is what its path has`)
  if (method === 'PATCH' && rest.length === 0) throw new Error(`${place}: it changes nothing`)
  if (whole !== undefined && rest.length > 0) throw new Error(`${place}: its body is one field`)
  const long = others.map(({ schema }) => schema.stream ?? schema.document).find((one) => one !== undefined)
  const asText = method === 'GET' || method === 'DELETE'
  return { params, rest, whole, asText, long, repeated: repeatsKey ? input.id : undefined }
}

function schemaOf(
  { rest, whole, asText, repeated }: Fields,
  { as = {}, more: form = {} }: Naming & { readonly more?: TProperties },
  method: Method,
) {
  if (whole !== undefined) return whole.schema.stream === undefined ? { body: onWire(whole.schema, as) } : {}
  if (rest.length === 0) return {}
  if (asText) return { querystring: object(rest, inWords, form) }
  // TypeBox keeps fields as the schemas that they are.
  const more = repeated === undefined ? {} : { keyId: Type.Optional(repeated) }
  return {
    body: object(rest, (field) => onWire(field, as), more, method === 'PATCH' ? { minProperties: 1 } : {}),
  }
}

function read(
  { params, rest, whole, asText, repeated }: Fields,
  { as = {}, fixed, query }: Naming,
  { params: path, query: words, body }: Asked,
): object {
  const input: Record<string, unknown> = { ...fixed }
  for (const { field, name, schema } of params) input[field] = fromWords(name, schema, fieldOf(path, name))
  for (const { field, name, schema } of rest) {
    const value = fieldOf(asText ? words : body, name)
    if (value !== undefined)
      input[field] = asText ? fromWords(name, schema, value) : fromWire(name, schema, value, as)
  }
  if (whole !== undefined) input[whole.field] = fromWire(whole.name, whole.schema, body, as)
  if (repeated && fieldOf(body, 'keyId') !== undefined && fieldOf(body, 'keyId') !== input.id)
    throw badRequest('KEY-ID-DIFFERS', 'keyId in the body is not the one in the path')
  // Its own schema has seen them.
  return { ...input, ...(query === undefined ? {} : query.read(words as never)) }
}

function object(
  fields: readonly { readonly name: string; readonly schema: Field }[],
  as: (schema: Field) => TSchema,
  more: TProperties = {},
  limits: { readonly minProperties?: number } = {},
) {
  const all = fields.map(({ name, schema }) => [name, optionalAs(schema, as(schema))] as const)
  return Type.Object({ ...Object.fromEntries(all), ...more }, { ...closed, ...limits })
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
  if (field.check !== undefined) return document
  if (field.given || field.stream !== undefined || field.moment)
    throw new Error('REST has no words for this field')
  if (field.bytes !== undefined) return Type.String({ maxLength: field.characters ?? 0 })
  if (field.items !== undefined) return { ...field, items: onWire(field.items, as) }
  const { foreign, ...asItIs } = field
  if (foreign || field.properties === undefined) return asItIs
  const limits = field.minProperties === undefined ? {} : { minProperties: field.minProperties }
  return object(named(field.properties, as), (part) => onWire(part, as), {}, limits)
}

const utc = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$'
const inWords = (field: Field): TSchema =>
  field.moment
    ? Type.String({ pattern: utc })
    : field.type === 'integer'
      ? Type.String({ pattern: '^[0-9]{1,9}$' })
      : field
const inPathWords = (field: Field): TSchema =>
  field.type === 'integer' ? Type.String({ pattern: '^[1-9][0-9]{0,8}$' }) : field

const fieldOf = (from: unknown, name: string): unknown => Object(from)[name]

function fromWords(name: string, { type, moment, minimum = 0, maximum = 1e9 }: Field, value: unknown) {
  if (moment) return timeIn(name, String(value))
  return type === 'integer' ? numberIn(name, String(value), minimum, maximum, 0) : value
}

function fromWire(name: string, field: Field, value: unknown, as: Names): unknown {
  if (field.bytes !== undefined) return decodeField(name, String(value))
  if (field.check !== undefined) return granted(field.check(value))
  if (field.stream !== undefined) {
    if (value instanceof Readable) return value
    throw badRequest('BODY-KIND', `Send the ${name} as ${field.contentType}`)
  }
  if (field.items !== undefined && Array.isArray(value))
    return value.map((item) => fromWire(name, field.items ?? {}, item, as))
  if (field.foreign || field.properties === undefined) return value
  const own: Record<string, unknown> = {}
  for (const { field: part, name: called, schema } of named(field.properties, as)) {
    const its = fieldOf(value, called)
    if (its !== undefined) own[part] = fromWire(called, schema, its, as)
  }
  return own
}
