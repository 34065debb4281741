import { STATUS_CODES } from 'node:http'
import { statusOf } from '@lux/node-files'
import type { Outcome, Refusal } from '../../refusal.ts'
import { refusalTexts } from '../../refusal-texts.ts'

/** An answer other than success. `code` names the reason; `said` is for people and holds no secret. */
export class HttpError extends Error {
  readonly statusCode: number
  readonly code: string
  readonly error: string
  readonly extra: Readonly<Record<string, unknown>>

  constructor(
    statusCode: number,
    code: string,
    said: string = whatOf(code),
    { error, ...extra }: { error?: string } & Record<string, unknown> = {},
  ) {
    super(said)
    this.name = 'HttpError'
    this.statusCode = statusCode
    this.code = code
    this.error = error ?? STATUS_CODES[statusCode] ?? 'Error'
    this.extra = extra
  }
}

export type ErrorBody = {
  readonly reqId: string
  readonly statusCode: number
  /** What happened and what to do: clients that know no other field show this one. */
  readonly message: string
  readonly error: string
  readonly code: string
  readonly why?: string
  readonly remedy?: string
} & Readonly<Record<string, unknown>>

export function errorBody(reqId: string, { statusCode, code, message, error, extra }: HttpError): ErrorBody {
  const { why, remedy } = refusalTexts.of(code) ?? {}
  return {
    reqId,
    statusCode,
    message: remedy === undefined ? message : `${message}. What to do: ${remedy}`,
    error,
    code,
    ...(why === undefined || why === null ? {} : { why }),
    ...(remedy === undefined ? {} : { remedy }),
    ...extra,
  }
}

export const unauthorized = () => new HttpError(statusOf('ACCESS-REFUSED'), 'ACCESS-REFUSED')

export const badRequest = (code: string, said?: string) => new HttpError(400, code, said)

/** The environment's fault. Its detail, which may name places of this machine, is for the log alone. */
export const unavailable = (code: string) => new HttpError(503, code, undefined, { error: code })

/** A field that does not fit; `path` is where it is in the body or query. */
export const misfit = (said: string, issues?: readonly { path: string; message: string }[]) =>
  new HttpError(statusOf('REQUEST-FIELDS'), 'REQUEST-FIELDS', said, {
    error: 'ValidationFailure',
    ...(issues === undefined ? {} : { issues }),
  })

/** An operation's refusal. */
export function refusedBy({ rule, detail }: Refusal): HttpError {
  if (rule === 'ROLE-REFUSED')
    return new HttpError(statusOf(rule), rule, undefined, { error: 'PermissionDenied', details: [detail] })
  // Absent and invisible look the same.
  const said = rule === 'OBJECT-ABSENT' ? detail : `${rule}: ${detail}`
  return new HttpError(statusOf(rule), rule, said)
}

/** The value of an outcome, or its refusal as an error. */
export function granted<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw refusedBy(outcome)
  return outcome.value
}

function whatOf(code: string): string {
  return refusalTexts.of(code)?.what ?? code
}
