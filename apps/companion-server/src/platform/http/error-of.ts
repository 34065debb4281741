import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { HsmError } from '@lux/hsm'
import type { FastifyError } from 'fastify'
import { EnvironmentError } from '../../refusal.ts'
import { databaseFaultOf, diskFailureOf, isNoText } from '../failure.ts'
import { errorBody, HttpError, misfit, unavailable } from './http-error.ts'

/** Whatever was thrown, as it is answered. */
export function toHttpError(error: FastifyError | Error): HttpError {
  if (error instanceof HttpError) return error
  if (error instanceof EnvironmentError) return unavailable(error.code)
  if (error instanceof HsmError) return unavailable(error.code)
  if ('validation' in error && error.validation) {
    const issues = error.validation.map(requestFault)
    const [first] = issues
    const where = `${error.validationContext ?? 'request'}${first?.path ?? ''}`
    return misfit(`The request does not fit: ${where}: ${first?.message ?? 'check it'}`, issues)
  }
  if ('statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500) {
    return new HttpError(error.statusCode, refusedBefore(error.statusCode))
  }
  if (isNoText(error)) return new HttpError(400, 'CALL-UNREADABLE')
  const database = databaseFaultOf(error)
  if (database !== null) return unavailable(database)
  const disk = diskFailureOf(error)
  if (disk !== null) return unavailable(disk.code)
  return new HttpError(500, 'INTERNAL', undefined, { error: 'INTERNAL' })
}

const statusOfUnparsed: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
}

/** Answers what is no HTTP request, in the form of every other refusal, and ends its connection. */
export function refuseUnparsed(error: { readonly code?: string } & Error, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const status = statusOfUnparsed[error.code ?? ''] ?? 400
  const reqId = randomUUID()
  const body = JSON.stringify(errorBody(reqId, new HttpError(status, 'CALL-UNREADABLE')))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `X-Request-Id: ${reqId}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroy(error)
}

const keyShape = /^[A-Za-z][A-Za-z0-9-]{0,31}$/

/** What the schema of a route found, as ajv says it. */
type Found = {
  readonly instancePath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
}

/** One field that does not fit: where it is, and what is wanted there. Nothing of what was sent is repeated. */
type RequestFault = { readonly path: string; readonly message: string }

function requestFault({ instancePath, keyword, params }: Found): RequestFault {
  return { path: instancePath, message: wanted(keyword, params) }
}

function wanted(keyword: string, params: Found['params']): string {
  switch (keyword) {
    case 'required':
      return `${String(params.missingProperty)} is missing: send it`
    case 'additionalProperties':
      return `${fieldName(params.additionalProperty)} is not known here: leave it out`
    case 'type':
      return `expected a value of type ${String(params.type)}`
    case 'maxLength':
      return `expected at most ${String(params.limit)} characters`
    case 'minLength':
      return `expected at least ${String(params.limit)} characters`
    case 'maximum':
      return `expected at most ${String(params.limit)}`
    case 'minimum':
      return `expected at least ${String(params.limit)}`
    case 'maxItems':
      return `expected at most ${String(params.limit)} entries`
    case 'minItems':
      return `expected at least ${String(params.limit)} entries`
    case 'pattern':
      return `expected the form ${String(params.pattern)}`
    case 'const':
      return `expected ${JSON.stringify(params.allowedValue)}`
    case 'enum':
      return `expected one of ${[params.allowedValues].flat().map(String).join(', ')}`
    default:
      return `does not fit (${keyword})`
  }
}

/** An unknown field's name came from outside: shown where it could be a name, in case it is something else. */
function fieldName(name: unknown): string {
  return typeof name === 'string' && keyShape.test(name) ? name : 'a field'
}

/** Codes of what Fastify refuses by itself before a route sees it, by status. */
function refusedBefore(status: number): 'BODY-TOO-LONG' | 'BODY-KIND' | 'CALL-UNREADABLE' {
  if (status === 413) return 'BODY-TOO-LONG'
  return status === 415 ? 'BODY-KIND' : 'CALL-UNREADABLE'
}
