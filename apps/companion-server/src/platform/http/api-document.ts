import swagger from '@fastify/swagger'
import type { FastifySchema, RouteOptions } from 'fastify'
import type { App } from './app-type.ts'
import { keepsReply, namedBy } from './named-call.ts'
import { refusal } from './reply.ts'

const description = [
  'Bytes are standard base64 with padding. A refusal has code, message, why and remedy.',
  'Every reply carries X-Request-Id, and Audit-Receipt once it is known who asks.',
].join(' ')

/** Groups of calls, and how their addresses begin. */
const groups = [
  ['Keys', 'Make keys and use them.', '/api/v1/kms/'],
  [
    'Keys of other KMSs',
    'Keys that stay where they are, under the roles and the audit log of this server.',
    '/api/v1/external-keys',
  ],
  ['Threshold keys', 'Keys that their holders alone decrypt by, and the requests for it.', '/api/v1/fhe/'],
  ['Bundles', 'What ceremonies sign, on its way in.', '/api/v1/ceremonies/'],
  ['Log-in', 'From credentials to an access token.', '/api/v1/auth/'],
  ['Single sign-on', 'Identity providers, and what their groups may.', '/api/v1/sign-on/'],
  ['Approvals', 'Operations that wait for people.', '/api/v1/approval-requests'],
  ['Audit', 'What was done, and the proof of it.', '/api/v1/audit', '/api/v1/compliance/'],
  [
    'People and identities',
    'Who may call, by which credentials.',
    '/api/v1/people',
    '/api/v1/identities',
    '/api/v1/authenticators',
  ],
  ['KMIP', 'Its binary messages over HTTP.', '/api/v1/kmip'],
  ['Organisations and projects', 'Where keys are, and the keys above them.', '/api/v1/'],
  ['SCIM', 'For identity providers: their members and groups, by the token of a provider.', '/scim/'],
  ['Operation', 'For whoever runs the server.', '/'],
] as const

const groupOf = (url: string): string =>
  groups.find(([, , ...starts]) => starts.some((start) => url.startsWith(start)))?.[0] ?? 'Operation'

/** `POST /api/v1/kms/keys/:keyId/sign` is `postKmsKeysByKeyIdSign`. */
function operationId(method: string, url: string): string {
  const words = url
    .replace(/^\/api\/v1/, '')
    .split('/')
    .filter((word) => word !== '')
    .flatMap((word) => (word.startsWith(':') ? ['by', ...word.slice(1).split('-')] : word.split('-')))
  return [method.toLowerCase(), ...words.map((word) => word[0]?.toUpperCase() + word.slice(1))].join('')
}

/** OpenAPI from the schemas by which requests are checked and replies are written. Before any route. */
export async function describeApi(app: App, version: string): Promise<void> {
  app.addSchema(refusal)
  app.addHook('onRoute', (route) => {
    // Of a HEAD nothing is said but what is said of its GET.
    if (route.method === 'HEAD') return
    const given: FastifySchema = route.schema ?? {}
    if (given.hide === true) return
    if (keepsReply(route)) given.headers ??= namingHeader
    route.schema = { ...given, ...described(route), response: { ...refusals, ...responseOf(given) } }
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lux Custody server',
        version,
        description,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This server' }],
      tags: groups.map(([name, its]) => ({ name, description: its })),
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, at) => String(json.$id ?? `schema-${at}`) },
  })
}

const namingHeader = {
  type: 'object',
  properties: {
    [namedBy]: {
      type: 'string',
      pattern: '^[!-~]{1,255}$',
      description:
        'Names this call for 24 hours: asked again, it is not done again, and its reply is given again.',
    },
  },
}
const refusals = { '4xx': { $ref: 'Refusal#' }, '5xx': { $ref: 'Refusal#' } }

const responseOf = ({ response }: FastifySchema): object =>
  typeof response === 'object' && response !== null ? response : {}

function described({ method, url }: RouteOptions) {
  const name = [method].flat()[0] ?? 'GET'
  return { tags: [groupOf(url)], operationId: operationId(name, url) }
}
