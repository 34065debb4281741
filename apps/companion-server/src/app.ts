import { randomUUID } from 'node:crypto'
import { IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http'
import { createServer, type Server as SecureServer } from 'node:https'
import { Socket } from 'node:net'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { HsmError } from '@lux/hsm'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import helmet from 'helmet'
import { auditReplies } from './audit/audit-replies.ts'
import { consoleRoutes } from './console-routes.ts'
import { awsRoutes } from './doors/aws/routes.ts'
import { accessRoutes } from './doors/http/access.ts'
import { alertRoutes } from './doors/http/alerts.ts'
import { auditRoutes } from './doors/http/audit.ts'
import { bundleRoutes } from './doors/http/bundles.ts'
import { complianceRoutes } from './doors/http/compliance.ts'
import { externalKeyRoutes } from './doors/http/external-keys.ts'
import { keyRoutes } from './doors/http/keys.ts'
import { kmipRoutes } from './doors/http/kmip.ts'
import { kmipClientRoutes } from './doors/http/kmip-clients.ts'
import { logInRoutes } from './doors/http/log-in.ts'
import { rotationRoutes } from './doors/http/rotation.ts'
import { signOnRoutes } from './doors/http/sign-on.ts'
import { fheRequestRoutes, fheRoomRoutes, fheRoutes } from './doors/http/threshold.ts'
import { scimRoutes } from './doors/scim/routes.ts'
import { vaultRoutes } from './doors/vault/routes.ts'
import { healthRoutes } from './health-routes.ts'
import { idempotentCalls } from './idempotency/hooks.ts'
import { metricsRoutes } from './metrics.ts'
import { variable } from './platform/environment.ts'
import { diskFailureOf } from './platform/failure.ts'
import { describeApi } from './platform/http/api-document.ts'
import { refuseUnparsed, toHttpError } from './platform/http/error-of.ts'
import { badRequest, errorBody, HttpError } from './platform/http/http-error.ts'
import { parseJsonBody } from './platform/http/json-body.ts'
import { replyInTime } from './platform/http/reply.ts'
import type { TlsKey } from './platform/tls/certificate.ts'
import { EnvironmentError } from './refusal.ts'
import type { Services } from './services.ts'

/** Of the API, and not of this build: it grows where a call changes. */
const apiVersion = '1'

/** Bodies up to 2 MiB: 1 MiB of payload in base64 and its JSON. Bundles are streamed and have their own cap. */
export const bodyLimit = 2 << 20

/** How long a client may take for its headers, and for a whole request: a bundle is long, and a line to it slow. Then it is 408. */
const patience = {
  headersTimeout: 20_000,
  requestTimeout: 300_000,
  connectionsCheckingInterval: 2000,
} as const

/** One line of the log for each request, once it is answered. */
class OneLineEach extends LogController {
  override incomingRequest(): void {}
  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const line = { req: request, res: reply, responseTime: Math.round(reply.elapsedTime) }
    if (error) request.log.error({ ...line, error: error.name }, 'request errored')
    else request.log.info(line, 'request completed')
  }
}

/** The whole HTTP surface, listening on nothing yet. */
export async function buildApp(
  services: Services,
  logger: FastifyBaseLogger | false,
  tls: TlsKey | null = null,
  /** Whose word is taken for where a call comes from: of proxies that encrypt. */
  isProxy: ((address: string) => boolean) | null = null,
) {
  const app = Fastify({
    trustProxy: isProxy ?? false,
    ...(tls === null ? { http: patience } : { serverFactory: secured(tls) }),
    requestTimeout: patience.requestTimeout,
    ...(logger === false ? { logger: false } : { loggerInstance: logger }),
    logController: new OneLineEach(),
    bodyLimit,
    // A caller's own id could forge another request's trail.
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: 128 },
    frameworkErrors: refuseAddress,
    clientErrorHandler: refuseUnparsed,
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: true, allErrors: false },
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(guards)
    done()
  })
  replyInTime(app)
  auditReplies(app, services)
  idempotentCalls(app, services)

  await describeApi(app, apiVersion)

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = String(body)
    if (text === '') return done(null, undefined)
    try {
      done(null, parseJsonBody(text))
    } catch {
      done(badRequest('BODY-NOT-JSON'))
    }
  })

  // The stream itself: whoever takes it counts.
  app.addContentTypeParser(['application/zip', 'application/octet-stream'], (_request, payload, done) =>
    done(null, payload),
  )

  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send(errorBody(request.id, new HttpError(404, 'ROUTE-ABSENT', 'Route not found')))
  })
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const answer = toHttpError(error)
    if (answer.statusCode >= 500)
      request.log.error({ code: answer.error, error: describe(error) }, 'request failed')
    if (answer.statusCode === 429) reply.header('Retry-After', '1')
    reply.code(answer.statusCode).send(errorBody(request.id, answer))
  })

  services.telemetry.observe(app)
  metricsRoutes(app, services)
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  healthRoutes(app, services)
  auditRoutes(app, services)
  complianceRoutes(app, services)
  logInRoutes(app, services)
  accessRoutes(app, services)
  kmipClientRoutes(app, services)
  alertRoutes(app, services)
  signOnRoutes(app, services)
  scimRoutes(app, services)
  keyRoutes(app, services)
  externalKeyRoutes(app, services)
  rotationRoutes(app, services)
  awsRoutes(app, services)
  vaultRoutes(app, services)
  kmipRoutes(app, services)
  bundleRoutes(app, services)
  fheRoutes(app, services)
  fheRequestRoutes(app, services)
  fheRoomRoutes(app, services)
  consoleRoutes(app)
  return app
}

/** Of every reply, the same each time, so written once: to make them for each request costs as much as the cipher. */
const guards = guardingHeaders()

function guardingHeaders(): Readonly<Record<string, string>> {
  const written: Record<string, string> = { 'cache-control': 'no-store' }
  const guard = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  })
  const reply = new ServerResponse(new IncomingMessage(new Socket()))
  guard(reply.req, reply, (error) => {
    if (error !== undefined) throw error
  })
  for (const [name, value] of Object.entries(reply.getHeaders())) written[name] = String(value)
  return written
}

/** What the router itself does not take, before any hook. */
function refuseAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const refused = toHttpError(error)
  reply.code(refused.statusCode).header('X-Request-Id', request.id).send(errorBody(request.id, refused))
}

const secure = ({ cert, key }: TlsKey) => ({ cert, key, minVersion: 'TLSv1.3' }) as const

/** Another certificate for connections from now on. Of an app that was built with one. */
export function renewCertificate(app: { readonly server: Server }, tls: TlsKey): void {
  ;(app.server as unknown as SecureServer).setSecureContext(secure(tls))
}

/** What a client shows is looked at where it logs in by it; all others need none. */
const asking = () =>
  variable('TLS_CLIENT_CERTIFICATES') === 'ask' ? { requestCert: true, rejectUnauthorized: false } : {}

/** TLS 1.3 and nothing older. The type of the server is that of HTTP: nothing here looks below the requests. */
function secured(tls: TlsKey) {
  return (handler: RequestListener): Server => {
    return createServer({ ...secure(tls), ...asking(), ...patience }, handler) as unknown as Server
  }
}

/** Name and place of a fault. The message of an unknown error could quote what it was working on. */
function describe(error: Error): string {
  if (error instanceof EnvironmentError || error instanceof HsmError) return error.message
  const disk = diskFailureOf(error)
  if (disk !== null) return disk.detail
  return `${error.name} ${error.stack?.split('\n').slice(1, 4).join(' ').trim() ?? ''}`
}
