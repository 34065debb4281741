import { Type } from '@fastify/type-provider-typebox'
import type { FastifyError, FastifyRequest } from 'fastify'
import { cameBy } from '../../access/authorize.ts'
import { bearerOf } from '../../access/caller.ts'
import type { Call } from '../../audit/record.ts'
import { admit } from '../../operations/pipeline.ts'
import type { App } from '../../platform/http/app-type.ts'
import { toHttpError } from '../../platform/http/error-of.ts'
import { granted, HttpError, unauthorized } from '../../platform/http/http-error.ts'
import { parseJsonBody } from '../../platform/http/json-body.ts'
import { document, gives, text } from '../../platform/http/reply.ts'
import type { Outcome } from '../../refusal.ts'
import type { Services } from '../../services.ts'
import type { ScimClient } from '../../sign-on/scim/operations.ts'
import { groupSchema, maxCount, type ScimPage, userSchema } from '../../sign-on/scim/resource.ts'

type Parts = Pick<Services, 'signOn' | 'authentication'>

const query = Type.Object({
  filter: Type.Optional(Type.String({ maxLength: 1000 })),
  startIndex: Type.Optional(Type.String({ pattern: '^-?[0-9]{1,9}$' })),
  count: Type.Optional(Type.String({ pattern: '^-?[0-9]{1,9}$' })),
})
const byId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
const kind = 'application/scim+json'
const ends = (summary: string) => ({
  summary,
  response: { 204: { description: 'Done', type: 'null' } as const },
})
const failure = {
  description: 'Refused',
  content: {
    [kind]: {
      schema: Type.Object({
        schemas: Type.Array(text),
        ...{ status: text, detail: text, scimType: Type.Optional(text) },
      }),
    },
    // Of an address that the router itself does not take.
    'application/json': { schema: { $ref: 'Refusal#' } },
  },
}

/** By code of ours: what SCIM calls it. */
const scimTypes: Readonly<Record<string, string>> = {
  'SCIM-FILTER': 'invalidFilter',
  'SCIM-PATCH': 'invalidPath',
  'SCIM-UNIQUE': 'uniqueness',
  'SCIM-VALUE': 'invalidValue',
  'CREDENTIALS-FULL': 'tooMany',
}

/** SCIM 2.0 for identity providers, each by its own token and for its own members alone. */
export function scimRoutes(app: App, parts: Parts): void {
  app.register(
    async (own) => {
      speaksScim(own)
      const { signOn } = parts
      resourceRoutes(own, parts, '/Users', {
        noun: 'member',
        create: signOn.createUser,
        read: signOn.readUser,
        list: signOn.listUsers,
        replace: signOn.replaceUser,
        patch: signOn.patchUser,
        end: signOn.deleteUser,
      })
      resourceRoutes(own, parts, '/Groups', {
        noun: 'group',
        create: signOn.createGroup,
        read: signOn.readGroup,
        list: signOn.listGroups,
        replace: signOn.replaceGroup,
        patch: signOn.patchGroup,
        end: signOn.deleteGroup,
      })
      for (const [path, summary, said] of [
        ['/ServiceProviderConfig', 'Read what this server can do (SCIM)', serviceProviderConfig],
        ['/ResourceTypes', 'Read kinds of resources (SCIM)', listed(resourceTypes)],
        ['/Schemas', 'Read schemas (SCIM)', listed(schemas)],
      ] as const)
        own.get(path, { schema: gives(summary, document) }, async (request) => {
          await clientOf(request, parts)
          return said
        })
    },
    { prefix: '/scim/v2' },
  )
}

/** Its type of content, and its form of errors. */
function speaksScim(own: App): void {
  own.addContentTypeParser(kind, { parseAs: 'string' }, (_request, body, done) => {
    // Clients name the type of a DELETE, too, which has no body.
    if (String(body) === '') return done(null, undefined)
    try {
      done(null, parseJsonBody(String(body)))
    } catch {
      done(new HttpError(400, 'BODY-NOT-JSON'))
    }
  })
  const before = own.errorHandler
  own.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const { statusCode, code, message } = toHttpError(error)
    // The handler above takes any error, and its type names one kind.
    if (statusCode >= 500) return before(error as FastifyError, request, reply)
    const scimType = scimTypes[code]
    return reply
      .code(statusCode)
      .type(kind)
      .send({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
        ...{ status: String(statusCode), detail: message },
        ...(scimType === undefined ? {} : { scimType }),
      })
  })
  own.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode < 400 && reply.statusCode !== 204) reply.type(kind)
  })

  own.addHook('onRoute', ({ schema }) => {
    if (schema === undefined) return
    const { response } = schema
    Object.assign(schema, { consumes: [kind], produces: [kind] })
    if (typeof response === 'object' && response !== null) Object.assign(response, { '4xx': failure })
  })
}

/** One kind of resource. */
type Resource = {
  readonly noun: 'member' | 'group'
  create(call: Call, input: { readonly body: unknown }): Promise<Outcome<{ readonly id: string }>>
  read(call: Call, input: { readonly id: string }): Promise<Outcome<object>>
  list(call: Call, input: { readonly page: ScimPage }): Promise<Outcome<object>>
  replace(call: Call, input: { readonly id: string; readonly body: unknown }): Promise<Outcome<object>>
  patch(call: Call, input: { readonly id: string; readonly body: unknown }): Promise<Outcome<object>>
  end(call: Call, input: { readonly id: string }): Promise<Outcome<null>>
}

function resourceRoutes(own: App, parts: Parts, path: '/Users' | '/Groups', its: Resource): void {
  const callOf = (request: FastifyRequest) => scimCall(request, parts)
  const schema = (word: string) => ({ schema: { ...gives(`${word} a ${its.noun}`, document), params: byId } })

  own.post(path, { schema: gives(`Create a ${its.noun}`, document, 201) }, async (request, reply) => {
    const made = granted(await its.create(await callOf(request), { body: request.body }))
    return reply.code(201).header('Location', `/scim/v2${path}/${made.id}`).send(made)
  })
  own.get(
    path,
    { schema: { ...gives(`List ${its.noun}s`, document), querystring: query } },
    async (request) => {
      const { filter = null, startIndex = '1', count = String(maxCount) } = request.query
      const page = { filter, startIndex: Number(startIndex), count: Number(count) }
      return granted(await its.list(await callOf(request), { page }))
    },
  )
  own.get(`${path}/:id`, schema('Read'), async (request) =>
    granted(await its.read(await callOf(request), request.params)),
  )
  own.put(`${path}/:id`, schema('Replace'), async (request) =>
    granted(await its.replace(await callOf(request), { ...request.params, body: request.body })),
  )
  own.patch(`${path}/:id`, schema('Change'), async (request) =>
    granted(await its.patch(await callOf(request), { ...request.params, body: request.body })),
  )
  own.delete<{ Params: { id: string } }>(
    `${path}/:id`,
    { schema: { ...ends(`Deactivate a ${its.noun}`), params: byId } },
    async (request, reply) => {
      granted(await its.end(await callOf(request), request.params))
      return reply.code(204).send()
    },
  )
}

async function clientOf(request: FastifyRequest, { signOn, authentication }: Parts): Promise<ScimClient> {
  granted(authentication.roomForStranger(request.ip))
  const token = bearerOf(request)
  const client = token === null ? 'unknown' : await signOn.scimClient(token)
  if (client === 'unknown') throw unauthorized()
  return client
}

async function scimCall(request: FastifyRequest, parts: Parts): Promise<Call> {
  const { provider: id, name, organisation } = await clientOf(request, parts)
  const caller = {
    identity: `SCIM of ${name}`,
    grants: [],
    provider: { id, organisation },
    by: cameBy('provider', id),
    circumstances: { time: new Date(), source: request.ip },
  }
  const { call, room } = admit(caller, { door: 'http', reqId: request.id }, parts.authentication)
  granted(room)
  request.call = call
  return call
}

const listed = (Resources: readonly object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
  ...{ totalResults: Resources.length, startIndex: 1, itemsPerPage: Resources.length, Resources },
})

const serviceProviderConfig = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: maxCount },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: false },
  authenticationSchemes: [
    { type: 'oauthbearertoken', name: 'Bearer token', description: 'A token of one identity provider.' },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: '/scim/v2/ServiceProviderConfig' },
}

const resourceTypes = (
  [
    ['User', '/Users', userSchema],
    ['Group', '/Groups', groupSchema],
  ] as const
).map(([name, endpoint, schema]) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
  ...{ id: name, name, endpoint, schema },
  meta: { resourceType: 'ResourceType', location: `/scim/v2/ResourceTypes/${name}` },
}))

const attribute = (name: string, more: object = {}) => ({
  ...{ name, type: 'string', multiValued: false, required: false, caseExact: true, mutability: 'readWrite' },
  ...{ returned: 'default', uniqueness: 'none' },
  ...more,
})
const reference = (name: string, mutability: string) =>
  attribute(name, {
    ...{ type: 'complex', multiValued: true, mutability },
    subAttributes: [
      attribute('value', { mutability: 'immutable' }),
      attribute('display', { mutability: 'readOnly' }),
    ],
  })

const schemas = (
  [
    [
      userSchema,
      'User',
      [
        attribute('userName', { required: true, uniqueness: 'server' }),
        attribute('displayName'),
        attribute('name', {
          type: 'complex',
          subAttributes: [attribute('givenName'), attribute('familyName')],
        }),
        attribute('emails', {
          ...{ type: 'complex', multiValued: true },
          subAttributes: [attribute('value'), attribute('primary', { type: 'boolean' })],
        }),
        attribute('active', { type: 'boolean' }),
        reference('groups', 'readOnly'),
      ],
    ],
    [
      groupSchema,
      'Group',
      [attribute('displayName', { required: true, uniqueness: 'server' }), reference('members', 'readWrite')],
    ],
  ] as const
).map(([id, name, attributes]) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
  ...{ id, name, attributes },
  meta: { resourceType: 'Schema', location: `/scim/v2/Schemas/${id}` },
}))
