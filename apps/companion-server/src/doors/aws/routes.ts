import { HsmError } from '@lux/hsm'
import type { FastifyReply } from 'fastify'
import type { AwsKeys } from '../../access/aws-keys.ts'
import type { Authentication } from '../../access/tokens.ts'
import type { KeyOperations } from '../../keys/operations.ts'
import type { App } from '../../platform/http/app-type.ts'
import { EnvironmentError, type Outcome, refuse } from '../../refusal.ts'
import { refusalTexts } from '../../refusal-texts.ts'
import { type Body, bodyOf, FieldFault } from '../place.ts'
import { type AwsAsk, answerAws } from './operations.ts'
import { signedCall } from './requests.ts'

const types: Readonly<Record<string, string>> = {
  'OBJECT-ABSENT': 'NotFoundException',
  'KEY-DISABLED': 'DisabledException',
  'KEY-DELETED': 'KMSInvalidStateException',
  'KEY-SHREDDED': 'KMSInvalidStateException',
  'KEY-VERSION-DISABLED': 'KMSInvalidStateException',
  'KEY-VERSION-RETIRED': 'KMSInvalidStateException',
  'KEY-STATE': 'KMSInvalidStateException',
  'KEY-USAGE': 'InvalidKeyUsageException',
  'SIGNING-ALGORITHM': 'InvalidKeyUsageException',
  'ENVELOPE-KEY': 'IncorrectKeyException',
  'ENVELOPE-MALFORMED': 'InvalidCiphertextException',
  'ENVELOPE-TAG': 'InvalidCiphertextException',
  'ENVELOPE-COMMITMENT': 'InvalidCiphertextException',
  'KEY-VERSION-ABSENT': 'InvalidCiphertextException',
  'ROLE-REFUSED': 'AccessDeniedException',
  'CONDITION-UNMET': 'AccessDeniedException',
  'CONDITION-UNREADABLE': 'AccessDeniedException',
  'KEY-NAME-TAKEN': 'AlreadyExistsException',
  'KEY-NAME': 'InvalidAliasNameException',
  'RATE-LIMITED': 'ThrottlingException',
  'FACADE-UNSUPPORTED': 'UnsupportedOperationException',
  'FACADE-SIGNATURE': 'KMSInvalidSignatureException',
  'FACADE-MAC': 'KMSInvalidMacException',
  'FHE-CEREMONY': 'UnsupportedOperationException',
}

/** AWS KMS's JSON protocol, for clients of AWS as they are: signed by the AWS key of an API key. */
export function awsRoutes(
  app: App,
  parts: {
    readonly keys: KeyOperations
    readonly authentication: Authentication
    readonly awsKeys: AwsKeys
    now(): Date
  },
): void {
  app.register(async (own) => {
    own.removeAllContentTypeParsers()
    own.addContentTypeParser('application/x-amz-json-1.1', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    )
    const say = (reply: FastifyReply, status: number, body: Body) =>
      reply
        .code(status)
        .type('application/x-amz-json-1.1')
        .header('x-amzn-RequestId', reply.request.id)
        .send(JSON.stringify(body))
    const fault = (reply: FastifyReply, type: string, message: string, status = 400) =>
      say(reply, status, { __type: type, message })
    own.setErrorHandler((error, request, reply) => {
      if (error instanceof FieldFault)
        return fault(
          reply,
          'ValidationException',
          `${saying('REQUEST-FIELDS')} (REQUEST-FIELDS: ${error.message})`,
        )
      if (!(error instanceof EnvironmentError || error instanceof HsmError)) throw error
      request.log.error({ code: error.code, error: error.message }, 'request failed')
      return fault(reply, 'KMSInternalException', saying(error.code), 503)
    })
    own.post<{ Body: Buffer }>('/', { schema: { hide: true } }, async (request, reply) => {
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const signed = await signedCall(request, bytes, parts)
      if (typeof signed === 'string') return fault(reply, signed, saying('ACCESS-REFUSED'))
      const { call, room, region } = signed
      request.call = call
      const name = /^TrentService\.(\w{1,64})$/.exec(String(request.headers['x-amz-target']))?.[1] ?? ''
      const ask: AwsAsk = { call, region, keys: parts.keys, body: bodyOf(bytes) }
      const outcome = room.ok ? await answerAws(name, ask) : room
      if (outcome === null) return fault(reply, 'UnknownOperationException', saying('FACADE-UNSUPPORTED'))
      if (outcome.ok) return say(reply, 200, outcome.value)
      const { rule, detail } = await toldApart(ask, outcome)
      const type = types[rule] ?? 'ValidationException'
      return fault(reply, type, `${saying(rule)} (${rule}: ${detail})`)
    })
  })
}

/** For AWS, a key whose deletion is scheduled is in another state than one that is switched off. */
async function toldApart({ call, keys, body }: AwsAsk, refused: Outcome<never> & { ok: false }) {
  if (refused.rule !== 'KEY-DISABLED' || typeof body.KeyId !== 'string') return refused
  const key = await keys.get(call, { id: body.KeyId.split('/').at(-1) ?? '' })
  if (!key.ok || key.value.destroy_at === null) return refused
  return refuse('KEY-DELETED', 'the key is pending deletion')
}

/** What happened and what to do, for clients that show nothing else. */
function saying(code: string): string {
  const text = refusalTexts.of(code)
  return text === null ? code : `${text.what}. What to do: ${text.remedy}`
}
