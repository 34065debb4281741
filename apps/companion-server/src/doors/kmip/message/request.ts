import { accept, FormatError, type Outcome, refuse } from '@lux/crypto'
import {
  boolean,
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
import { readVersion, type Version, writeVersion } from './versions.ts'

/** Null or empty: not sent. Which fields there are depends on the version, and other ones are refused. */
export type RequestHeader = {
  readonly version: Version
  readonly maximumResponseSize: number | null
  /** From 1.4. */
  readonly clientCorrelationValue: string | null
  readonly serverCorrelationValue: string | null
  /** A boolean before 2.0, an enumeration since. */
  readonly asynchronousIndicator: boolean | number | null
  /** From 1.2. */
  readonly attestationCapable: boolean | null
  readonly attestationTypes: readonly number[]
  /** Credentials: secret, and of no meaning here, where a certificate says who calls. */
  readonly authentication: readonly Item[] | null
  readonly batchErrorContinuation: number | null
  readonly batchOrder: boolean | null
  readonly timeStamp: bigint | null
}

export type MessageExtension = {
  readonly vendor: string
  /** Whether a server that does not know it has to refuse the operation. */
  readonly critical: boolean
  readonly extension: readonly Item[]
}

export type RequestItem = {
  readonly operation: number
  /** From 2.0. */
  readonly ephemeral: boolean | null
  readonly id: Uint8Array | null
  readonly payload: readonly Item[]
  readonly extensions: readonly MessageExtension[]
}

export type Request = { readonly header: RequestHeader; readonly items: readonly RequestItem[] }

/** Most operations of one batch. */
export const maxBatch = 256

/** A whole request. Refuses KMIP-MESSAGE and KMIP-VERSION; the detail names fields, never values. */
export function readRequest(message: Item): Outcome<Request> {
  return refusing(() => {
    if (message.tag !== tags.RequestMessage || message.type !== 'structure')
      throw misfit('RequestMessage', 'it is no request')
    const fields = openFields('RequestMessage', message.value)
    const { header, count } = readHeader(
      openFields('RequestHeader', fields.required('RequestHeader', 'structure')),
    )
    const items = fields.many('BatchItem', 'structure')
    fields.end()
    if (count < 1 || count > maxBatch || items.length !== count)
      throw misfit(
        'RequestMessage',
        `a batch of 1 to ${maxBatch} that BatchCount counts, got ${items.length}`,
      )
    const read = items.map((item) => readRequestItem(header.version, openFields('BatchItem', item)))
    if (count > 1 && read.some(({ id }) => id === null))
      throw misfit('BatchItem', 'UniqueBatchItemID is missing, which a batch of several needs')
    return { header, items: read }
  })
}

/** Of an outcome in which parsers throw FormatError. */
export function refusing<Value>(work: () => Value): Outcome<Value> {
  try {
    return accept(work())
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
}

function readHeader(fields: Fields): { header: RequestHeader; count: number } {
  const version = readVersion(fields.required('ProtocolVersion', 'structure'))
  const correlated = version >= '1.4'
  const attested = version >= '1.2'
  const header: RequestHeader = {
    version,
    maximumResponseSize: fields.optional('MaximumResponseSize', 'integer'),
    clientCorrelationValue: correlated ? fields.optional('ClientCorrelationValue', 'text-string') : null,
    serverCorrelationValue: correlated ? fields.optional('ServerCorrelationValue', 'text-string') : null,
    asynchronousIndicator:
      version >= '2.0'
        ? fields.optional('AsynchronousIndicator', 'enumeration')
        : fields.optional('AsynchronousIndicator', 'boolean'),
    attestationCapable: attested ? fields.optional('AttestationCapableIndicator', 'boolean') : null,
    attestationTypes: attested ? fields.many('AttestationType', 'enumeration') : [],
    authentication: fields.optional('Authentication', 'structure'),
    batchErrorContinuation: fields.optional('BatchErrorContinuationOption', 'enumeration'),
    batchOrder: fields.optional('BatchOrderOption', 'boolean'),
    timeStamp: fields.optional('TimeStamp', 'date-time'),
  }
  const count = fields.required('BatchCount', 'integer')
  fields.end()
  return { header, count }
}

function readRequestItem(version: Version, fields: Fields): RequestItem {
  const item = {
    operation: fields.required('Operation', 'enumeration'),
    ephemeral: version >= '2.0' ? fields.optional('Ephemeral', 'boolean') : null,
    id: fields.optional('UniqueBatchItemID', 'byte-string'),
    payload: fields.required('RequestPayload', 'structure'),
    extensions: fields.many('MessageExtension', 'structure').map(readExtension),
  }
  fields.end()
  return item
}

function readExtension(items: readonly Item[]): MessageExtension {
  const fields = openFields('MessageExtension', items)
  const extension = {
    vendor: fields.required('VendorIdentification', 'text-string'),
    critical: fields.required('CriticalityIndicator', 'boolean'),
    extension: fields.required('VendorExtension', 'structure'),
  }
  fields.end()
  return extension
}

/** The item that `readRequest` reads. */
export function writeRequest({ header, items }: Request): Item {
  const { asynchronousIndicator: asynchronous } = header
  return structure('RequestMessage', [
    structure('RequestHeader', [
      writeVersion(header.version),
      given(header.maximumResponseSize, integer, 'MaximumResponseSize'),
      given(header.clientCorrelationValue, textString, 'ClientCorrelationValue'),
      given(header.serverCorrelationValue, textString, 'ServerCorrelationValue'),
      typeof asynchronous === 'boolean'
        ? boolean('AsynchronousIndicator', asynchronous)
        : given(asynchronous, enumeration, 'AsynchronousIndicator'),
      given(header.attestationCapable, boolean, 'AttestationCapableIndicator'),
      ...header.attestationTypes.map((type) => enumeration('AttestationType', type)),
      given(header.authentication, structure, 'Authentication'),
      given(header.batchErrorContinuation, enumeration, 'BatchErrorContinuationOption'),
      given(header.batchOrder, boolean, 'BatchOrderOption'),
      header.timeStamp === null ? null : { tag: tags.TimeStamp, type: 'date-time', value: header.timeStamp },
      integer('BatchCount', items.length),
    ]),
    ...items.map(({ operation, ephemeral, id, payload, extensions }) =>
      structure('BatchItem', [
        enumeration('Operation', operation),
        given(ephemeral, boolean, 'Ephemeral'),
        given(id, byteString, 'UniqueBatchItemID'),
        structure('RequestPayload', payload),
        ...extensions.map(writeExtension),
      ]),
    ),
  ])
}

const writeExtension = ({ vendor, critical, extension }: MessageExtension): Item =>
  structure('MessageExtension', [
    textString('VendorIdentification', vendor),
    boolean('CriticalityIndicator', critical),
    structure('VendorExtension', extension),
  ])
