import { HsmError } from '@lux/hsm'
import type { FastifyError } from 'fastify'
import { EnvironmentError } from '../../refusal.ts'
import { databaseFaultOf, diskFailureOf, isNoText } from '../failure.ts'
import { HttpError, misfit, unavailable } from './http-error.ts'
import { refusedBefore, requestFault } from './request-fault.ts'

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
