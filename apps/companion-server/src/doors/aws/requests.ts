import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { AwsKeys } from '../../access/aws-keys.ts'
import type { Authentication } from '../../access/tokens.ts'
import { scopeText, signatureOf } from '../../external-kms/sigv4.ts'
import { admit } from '../../operations/pipeline.ts'

/** How far a call's time may be from the server's: as long may a signature be sent again. */
const maxSkew = 5 * 60_000
const authorizationShape =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]{1,128})\/(\d{8})\/([a-z0-9-]{1,32})\/kms\/aws4_request, ?SignedHeaders=([a-z0-9;-]{1,1024}), ?Signature=([0-9a-f]{64})$/
/** What says which call it is, to whom, and when: a signature covers these. */
const mustBeSigned = ['host', 'x-amz-date', 'x-amz-target']

export type AwsRefusal =
  | 'MissingAuthenticationTokenException'
  | 'IncompleteSignatureException'
  | 'UnrecognizedClientException'
  | 'InvalidSignatureException'

/** Who signed a call, by Signature Version 4 with the AWS key of an API key; the region is the client's own affair. */
export async function signedCall(
  request: FastifyRequest,
  body: Buffer,
  { authentication, awsKeys, now }: { authentication: Authentication; awsKeys: AwsKeys; now(): Date },
): Promise<(ReturnType<typeof admit> & { readonly region: string }) | AwsRefusal> {
  const { authorization } = request.headers
  if (authorization === undefined) return 'MissingAuthenticationTokenException'
  const found = authorizationShape.exec(authorization)
  if (found === null) return 'IncompleteSignatureException'
  const [, accessKeyId = '', day = '', region = '', signed = '', signature = ''] = found
  const names = signed.split(';')
  const time = String(request.headers['x-amz-date'] ?? '')
  if (!mustBeSigned.every((name) => names.includes(name)) || !time.startsWith(day))
    return 'IncompleteSignatureException'
  const apiKey = awsKeys.apiKeyOf(accessKeyId)
  const caller = apiKey === null ? 'unknown' : await authentication.findApiKey(apiKey)
  if (apiKey === null || caller === 'unknown') return 'UnrecognizedClientException'
  const { secretAccessKey } = await awsKeys.of(apiKey)
  const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name] ?? '')]))
  const scope = { time, region, service: 'kms' }
  const right = signatureOf(secretAccessKey, { method: 'POST', path: '/', headers, body }, scope)
  if (!scopeText(scope).startsWith(day) || !timingSafeEqual(Buffer.from(right), Buffer.from(signature)))
    return 'InvalidSignatureException'
  if (!(Math.abs(timeOf(time) - now().getTime()) <= maxSkew)) return 'InvalidSignatureException'
  const circumstances = { time: now(), source: request.ip }
  const asked = { door: 'aws', reqId: request.id } as const
  return { ...admit({ ...caller, circumstances }, asked, authentication), region }
}

function timeOf(text: string): number {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (found === null) return Number.NaN
  const [, year, month, day, hour, minute, second] = found.map(Number)
  return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second)
}
