import { createHash, createHmac } from 'node:crypto'

// AWS Signature Version 4: for calls to AWS, and to check those of AWS clients.

export type SignedRequest = {
  readonly method: string
  readonly path: string
  /** Names in lower case: those that are signed, no others. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export type SigningScope = {
  /** YYYYMMDD'T'HHMMSS'Z'. */
  readonly time: string
  readonly region: string
  readonly service: string
}

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
const hmac = (key: Uint8Array | string, text: string) => createHmac('sha256', key).update(text).digest()

export function scopeText({ time, region, service }: SigningScope): string {
  return `${time.slice(0, 8)}/${region}/${service}/aws4_request`
}

/** The signature, hex, of a request without a query string. */
export function signatureOf(secret: string, request: SignedRequest, scope: SigningScope): string {
  const names = Object.keys(request.headers).toSorted()
  const canonical = [
    request.method,
    request.path,
    '',
    ...names.map((name) => `${name}:${request.headers[name]?.trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    sha256(request.body),
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', scope.time, scopeText(scope), sha256(canonical)].join('\n')
  let key: Uint8Array | string = `AWS4${secret}`
  for (const part of scopeText(scope).split('/')) key = hmac(key, part)
  return hmac(key, toSign).toString('hex')
}

/** The time of a signature, as its header says it. */
export const signingTime = (time: Date): string => time.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')

/** The Authorization header of a request whose headers are all signed. */
export function authorizationOf(
  keyId: string,
  secret: string,
  request: SignedRequest,
  scope: SigningScope,
): string {
  const names = Object.keys(request.headers).toSorted().join(';')
  const signature = signatureOf(secret, request, scope)
  return `AWS4-HMAC-SHA256 Credential=${keyId}/${scopeText(scope)}, SignedHeaders=${names}, Signature=${signature}`
}
