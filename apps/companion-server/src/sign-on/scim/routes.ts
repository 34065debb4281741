import { Type } from '@fastify/type-provider-typebox'
import type { FastifyError, FastifyRequest } from 'fastify'
import { bearerOf } from '../../access/caller.ts'
import type { Authentication } from '../../access/tokens.ts'
import type { Call } from '../../audit/record.ts'
import type { App } from '../../platform/http/app-type.ts'
import { toHttpError } from '../../platform/http/error-of.ts'
import { granted, HttpError, unauthorized } from '../../platform/http/http-error.ts'
import { parseJsonBody } from '../../platform/http/json-body.ts'
import { document, gives, text } from '../../platform/http/reply.ts'
import type { Outcome } from '../../refusal.ts'
import type { SignOn } from '../operations.ts'
import type { ScimClient } from './operations.ts'
import { groupSchema, maxCount, type ScimPage, userSchema } from './resource.ts'

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

type By = { readonly call: Call; readonly client: ScimClient }
type Done = Promise<Outcome<{ readonly id: string }>>
/** One kind of resource. */
type Served = {
  create(by: By, body: unknown): Done
  read(by: By, id: string): Done
  list(by: By, page: ScimPage): Promise<Outcome<object>>
  replace(by: By, id: string, body: unknown): Done
  patch(by: By, id: string, body: unknown): Done
  end(by: By, id: string): Promise<Outcome<null>>
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
export function scimRoutes(
  app: App,
  { signOn, authentication }: { readonly signOn: SignOn; readonly authentication: Authentication },
): void {
  app.register(
    async (own) => {
      own.addContentTypeParser(kind, { parseAs: 'string' }, (_request, body, done) => {
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

      const served: readonly (readonly [string, Served])[] = [
        [
          '/Users',
          {
            create: signOn.createUser,
            ...{ read: signOn.readUser, list: signOn.listUsers, replace: signOn.replaceUser },
            ...{ patch: signOn.patchUser, end: signOn.deleteUser },
          },
        ],
        [
          '/Groups',
          {
            create: signOn.createGroup,
            ...{ read: signOn.readGroup, list: signOn.listGroups, replace: signOn.replaceGroup },
            ...{ patch: signOn.patchGroup, end: signOn.deleteGroup },
          },
        ],
      ]
      for (const [path, operations] of served) {
        const noun = path === '/Users' ? 'member' : 'group'
        own.post(
          path,
          { schema: { ...gives(`Create a ${noun}`, document, 201) } },
          async (request, reply) => {
            const made = granted(await operations.create(await by(request), request.body))
            return reply.code(201).header('Location', `/scim/v2${path}/${made.id}`).send(made)
          },
        )
        own.get<{ Querystring: { filter?: string; startIndex?: string; count?: string } }>(
          path,
          { schema: { ...gives(`List ${noun}s`, document), querystring: query } },
          async (request) => {
            const { filter = null, startIndex = '1', count = String(maxCount) } = request.query
            const page = { filter, startIndex: Number(startIndex), count: Number(count) }
            return granted(await operations.list(await by(request), page))
          },
        )
        own.get<{ Params: { id: string } }>(
          `${path}/:id`,
          { schema: { ...gives(`Read a ${noun}`, document), params: byId } },
          async (request) => granted(await operations.read(await by(request), request.params.id)),
        )
        own.put<{ Params: { id: string } }>(
          `${path}/:id`,
          { schema: { ...gives(`Replace a ${noun}`, document), params: byId } },
          async (request) =>
            granted(await operations.replace(await by(request), request.params.id, request.body)),
        )
        own.patch<{ Params: { id: string } }>(
          `${path}/:id`,
          { schema: { ...gives(`Change a ${noun}`, document), params: byId } },
          async (request) =>
            granted(await operations.patch(await by(request), request.params.id, request.body)),
        )
        own.delete<{ Params: { id: string } }>(
          `${path}/:id`,
          { schema: { ...ends(`Deactivate a ${noun}`), params: byId } },
          async (request, reply) => {
            granted(await operations.end(await by(request), request.params.id))
            return reply.code(204).send()
          },
        )
      }

      own.get(
        '/ServiceProviderConfig',
        { schema: { ...gives('Read what this server can do (SCIM)', document) } },
        async (request) => {
          await clientOf(request)
          return serviceProviderConfig
        },
      )
      own.get(
        '/ResourceTypes',
        { schema: { ...gives('Read kinds of resources (SCIM)', document) } },
        async (request) => {
          await clientOf(request)
          return listed(resourceTypes)
        },
      )
      own.get('/Schemas', { schema: { ...gives('Read schemas (SCIM)', document) } }, async (request) => {
        await clientOf(request)
        return listed(schemas)
      })
    },
    { prefix: '/scim/v2' },
  )

  async function clientOf(request: FastifyRequest): Promise<ScimClient> {
    granted(authentication.roomForStranger(request.ip))
    const token = bearerOf(request)
    const client = token === null ? 'unknown' : await signOn.scimClient(token)
    if (client === 'unknown') throw unauthorized()
    return client
  }

  async function by(request: FastifyRequest): Promise<By> {
    const client = await clientOf(request)
    const call: Call = {
      caller: {
        ...{ identity: `SCIM of ${client.name}`, grants: [] },
        circumstances: { time: new Date(), source: request.ip },
      },
      ...{ door: 'http', reqId: request.id },
      receipt: null,
    }
    request.call = call
    return { call, client }
  }
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
