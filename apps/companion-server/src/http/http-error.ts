import { STATUS_CODES } from 'node:http'

/** An answer other than success. `message` is for people and holds no secret. */
export class HttpError extends Error {
  readonly statusCode: number
  readonly error: string
  readonly extra: Readonly<Record<string, unknown>>

  constructor(
    statusCode: number,
    message: string,
    { error, ...extra }: { error?: string } & Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'HttpError'
    this.statusCode = statusCode
    this.error = error ?? STATUS_CODES[statusCode] ?? 'Error'
    this.extra = extra
  }
}

export type ErrorBody = {
  readonly reqId: string
  readonly statusCode: number
  readonly message: string
  readonly error: string
} & Readonly<Record<string, unknown>>

export function errorBody(reqId: string, { statusCode, message, error, extra }: HttpError): ErrorBody {
  return { reqId, statusCode, message, error, ...extra }
}

export const unauthorized = () => new HttpError(401, 'Not logged in, or the token has expired')

/** Absent and invisible look the same. */
export const notFound = (what: string) => new HttpError(404, `${what} not found`)

export const forbidden = (detail: string) =>
  new HttpError(403, 'You are not allowed to do this', { error: 'PermissionDenied', details: [detail] })

export const badRequest = (message: string, code?: string) =>
  new HttpError(400, message, code === undefined ? {} : { code })

export const unavailable = (code: string) => new HttpError(503, code, { error: code })
