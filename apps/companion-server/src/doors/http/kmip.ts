import { Type } from '@fastify/type-provider-typebox'
import { accept, FormatError, type Outcome, refuse } from '@lux/crypto'
import { requireCall } from '../../access/caller.ts'
import type { Authentication } from '../../access/tokens.ts'
import type { KeyOperations } from '../../keys/operations.ts'
import type { App } from '../../platform/http/app-type.ts'
import { granted } from '../../platform/http/http-error.ts'
import { givesContent } from '../../platform/http/reply.ts'
import { answer, refuseMessage } from '../kmip/answer.ts'
import { defaultLimits } from '../kmip/codec/ttlv.ts'
import { jsonToTtlv, ttlvToJson } from '../kmip/text/json.ts'
import { ttlvToXml, xmlToTtlv } from '../kmip/text/xml.ts'

const query = Type.Object(
  { projectId: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
)

type Form = { read(body: Buffer): Uint8Array; write(bytes: Uint8Array): Buffer | string }

const xml: Form = { read: (body) => xmlToTtlv(body.toString('utf8')), write: ttlvToXml }

/** A message in bytes, or in KMIP's JSON or XML; the answer comes as the question did. */
const forms: Readonly<Record<string, Form>> = {
  'application/octet-stream': { read: (body) => body, write: (bytes) => Buffer.from(bytes) },
  'application/json': { read: (body) => jsonToTtlv(body.toString('utf8')), write: ttlvToJson },
  'application/xml': xml,
  'text/xml': xml,
}

/** KMIP's messages over HTTP, for the identity of the Bearer token and the project that the address names. */
export function kmipRoutes(
  app: App,
  {
    keys,
    authentication,
    now,
  }: { readonly keys: KeyOperations; readonly authentication: Authentication; now(): Date },
): void {
  app.register(async (own) => {
    // That of bundles is a stream.
    own.removeContentTypeParser(['application/octet-stream', 'application/json'])
    own.addContentTypeParser(Object.keys(forms), { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    )
    own.post<{ Body: Buffer; Querystring: { projectId: string } }>(
      '/api/v1/kmip',
      {
        bodyLimit: defaultLimits.bytes,
        schema: { ...givesContent('Answer a KMIP message', 'application/octet-stream'), querystring: query },
      },
      async (request, reply) => {
        const asked = await requireCall(request, authentication)
        const place = granted(await keys.place(asked, { project: request.query.projectId }))
        const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
        const name = Object.hasOwn(forms, type) ? type : 'application/octet-stream'
        const form = forms[name] ?? xml
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const message = readMessage(form, body)
        if (!message.ok)
          return reply.type(name).send(form.write(refuseMessage(new Uint8Array(0), message, now())))
        const bytes = await answer(
          message.value,
          { caller: asked.caller, ...place },
          {
            keys,
            now,
            roomFor: authentication.roomFor,
            newReqId: () => request.id,
            fault: (error) => request.log.error({ error: String(error) }, 'a KMIP operation failed'),
            // The receipt of the last operation is that of the reply.
            heard: (call) => {
              request.call = call
            },
          },
        )
        return reply.type(name).send(form.write(bytes))
      },
    )
  })
}

function readMessage(form: Form, body: Buffer): Outcome<Uint8Array> {
  try {
    return accept(form.read(body))
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
}
