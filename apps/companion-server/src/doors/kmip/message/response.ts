import type { Outcome } from '@lux/crypto'
import { enumerations, type NameOf } from '../codec/enumerations.ts'
import {
  byteString,
  enumeration,
  type Fields,
  given,
  integer,
  misfit,
  openFields,
  structure,
  textString,
} from '../codec/fields.ts'
import { tags } from '../codec/tags.ts'
import type { Item } from '../codec/ttlv.ts'
import { refusing } from './request.ts'
import { readVersion, type Version, writeVersion } from './versions.ts'

export type ResponseHeader = {
  readonly version: Version
  readonly timeStamp: bigint
  /** From 1.4. */
  readonly clientCorrelationValue: string | null
  readonly serverCorrelationValue: string | null
}

export type ResultReason = NameOf<'ResultReason'>

export type Result =
  | { readonly status: 'success'; readonly payload: readonly Item[] }
  | { readonly status: 'pending'; readonly reason: number | null; readonly correlation: Uint8Array }
  | {
      readonly status: 'failed' | 'undone'
      readonly reason: number
      readonly message: string | null
    }

export type ResponseItem = {
  /** Null where the message as a whole is refused. */
  readonly operation: number | null
  readonly id: Uint8Array | null
  readonly result: Result
}

export type Response = { readonly header: ResponseHeader; readonly items: readonly ResponseItem[] }

const { ResultStatus: status, ResultReason: reasons } = enumerations

/** What each reason is called in versions that do not have it: the nearest that they have. */
const before2: Partial<Record<ResultReason, ResultReason>> = {
  WrongKeyLifecycleState: 'PermissionDenied',
  IncompatibleCryptographicUsageMask: 'PermissionDenied',
  UnsupportedProtocolVersion: 'InvalidMessage',
  UnsupportedCryptographicParameters: 'InvalidField',
  UnknownMessageExtension: 'FeatureNotSupported',
  InvalidAttribute: 'InvalidField',
  InvalidAttributeValue: 'InvalidField',
  UnsupportedAttribute: 'InvalidField',
  NonUniqueNameAttribute: 'InvalidField',
  ServerLimitExceeded: 'GeneralFailure',
  InternalServerError: 'GeneralFailure',
  CodecError: 'InvalidMessage',
  InvalidObjectType: 'InvalidField',
  AttributeNotFound: 'ItemNotFound',
  AttributeReadOnly: 'PermissionDenied',
  AttributeSingleValued: 'InvalidField',
  UsageLimitExceeded: 'PermissionDenied',
  BadCryptographicParameters: 'InvalidField',
}

const before14: Partial<Record<ResultReason, ResultReason>> = {
  Sensitive: 'PermissionDenied',
  NotExtractable: 'PermissionDenied',
  ObjectAlreadyExists: 'IllegalOperation',
}

/** The number of a reason in a version. */
export function reasonIn(version: Version, reason: ResultReason): number {
  if (version < '2.0' && reason in before2) return reasons[before2[reason] ?? reason]
  return reasons[version < '1.4' ? (before14[reason] ?? reason) : reason]
}

/** A response as `writeResponse` makes it. Refuses KMIP-MESSAGE and KMIP-VERSION. */
export function readResponse(message: Item): Outcome<Response> {
  return refusing(() => {
    if (message.tag !== tags.ResponseMessage || message.type !== 'structure')
      throw misfit('ResponseMessage', 'it is no response')
    const fields = openFields('ResponseMessage', message.value)
    const head = openFields('ResponseHeader', fields.required('ResponseHeader', 'structure'))
    const version = readVersion(head.required('ProtocolVersion', 'structure'))
    const header: ResponseHeader = {
      version,
      timeStamp: head.required('TimeStamp', 'date-time'),
      clientCorrelationValue:
        version >= '1.4' ? head.optional('ClientCorrelationValue', 'text-string') : null,
      serverCorrelationValue:
        version >= '1.4' ? head.optional('ServerCorrelationValue', 'text-string') : null,
    }
    const count = head.required('BatchCount', 'integer')
    head.end()
    const items = fields.many('BatchItem', 'structure')
    fields.end()
    if (items.length !== count) throw misfit('ResponseMessage', `BatchCount differs from ${items.length}`)
    return { header, items: items.map((item) => readResponseItem(openFields('BatchItem', item))) }
  })
}

function readResponseItem(fields: Fields): ResponseItem {
  const operation = fields.optional('Operation', 'enumeration')
  const id = fields.optional('UniqueBatchItemID', 'byte-string')
  const result = readResult(fields)
  fields.end()
  return { operation, id, result }
}

function readResult(fields: Fields): Result {
  const code = fields.required('ResultStatus', 'enumeration')
  if (code === status.Success)
    return { status: 'success', payload: fields.optional('ResponsePayload', 'structure') ?? [] }
  if (code === status.OperationPending)
    return {
      status: 'pending',
      reason: fields.optional('ResultReason', 'enumeration'),
      correlation: fields.required('AsynchronousCorrelationValue', 'byte-string'),
    }
  if (code !== status.OperationFailed && code !== status.OperationUndone)
    throw misfit('BatchItem', 'ResultStatus is unknown')
  return {
    status: code === status.OperationFailed ? 'failed' : 'undone',
    reason: fields.required('ResultReason', 'enumeration'),
    message: fields.optional('ResultMessage', 'text-string'),
  }
}

export function writeResponse({ header, items }: Response): Item {
  return structure('ResponseMessage', [
    structure('ResponseHeader', [
      writeVersion(header.version),
      { tag: tags.TimeStamp, type: 'date-time', value: header.timeStamp },
      given(header.clientCorrelationValue, textString, 'ClientCorrelationValue'),
      given(header.serverCorrelationValue, textString, 'ServerCorrelationValue'),
      integer('BatchCount', items.length),
    ]),
    ...items.map(({ operation, id, result }) =>
      structure('BatchItem', [
        given(operation, enumeration, 'Operation'),
        given(id, byteString, 'UniqueBatchItemID'),
        ...writeResult(result),
      ]),
    ),
  ])
}

function writeResult(result: Result): readonly (Item | null)[] {
  switch (result.status) {
    case 'success':
      return [enumeration('ResultStatus', status.Success), structure('ResponsePayload', result.payload)]
    case 'pending':
      return [
        enumeration('ResultStatus', status.OperationPending),
        given(result.reason, enumeration, 'ResultReason'),
        byteString('AsynchronousCorrelationValue', result.correlation),
      ]
    default:
      return [
        enumeration(
          'ResultStatus',
          result.status === 'failed' ? status.OperationFailed : status.OperationUndone,
        ),
        enumeration('ResultReason', result.reason),
        given(result.message, textString, 'ResultMessage'),
      ]
  }
}
