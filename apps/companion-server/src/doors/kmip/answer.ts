import { FormatError, type Outcome, type Refusal, refuse } from '@lux/crypto'
import { type Caller, withinProject } from '../../access/authorize.ts'
import type { KmipClient } from '../../access/kmip-clients.ts'
import type { Call } from '../../audit/record.ts'
import type { KeyOperations } from '../../keys/operations.ts'
import { admit } from '../../operations/pipeline.ts'
import { failureOf } from '../../platform/failure.ts'
import { enumerations } from './codec/enumerations.ts'
import { decodeItem, defaultLimits, encodedLength, encodeItem, type Item } from './codec/ttlv.ts'
import { type Request, type RequestHeader, type RequestItem, readRequest } from './message/request.ts'
import { type Response, type ResponseItem, type Result, reasonIn, writeResponse } from './message/response.ts'
import type { Version } from './message/versions.ts'
import type { Asked, Done } from './operations/operation.ts'
import { findOperation } from './operations/table.ts'
import { reasonOf } from './reasons.ts'

export type AnswerParts = {
  readonly keys: KeyOperations
  /** Refuses RATE-LIMITED where an identity asks too often: each operation of a batch is one call. */
  roomFor(identity: string): Outcome<null>
  now(): Date
  /** The name of one message, for the audit. */
  newReqId(): string
  /** Told of what is a fault of the program; the client hears of no more than that. */
  fault(error: unknown): void
  /** Told of each question that is recorded by itself. */
  heard?(call: Call): void
}

/** Most bytes of a response, whatever the client takes: a batch may ask for the same long list again and again. */
export const maxResponse = defaultLimits.bytes

/** The response to a message, whatever the bytes are: it never rejects. What would be too long is left out, and said to be. */
export async function answer(
  message: Uint8Array,
  client: KmipClient,
  parts: AnswerParts,
): Promise<Uint8Array> {
  const item = decodeItem(message)
  const request = item.ok ? readRequest(item.value) : item
  if (!request.ok) return encodeItem(refusedCall(null, request, client, parts))
  const { header } = request.value
  const unmet = unmetBy(request.value)
  if (unmet !== null) return encodeItem(refusedCall(header, unmet, client, parts))
  const items = await runBatch(request.value, client, parts)
  const response = responseOf(header.version, header.clientCorrelationValue, items, parts.now())
  const bytes = encodeItem(writeResponse(response))
  const most = mostOf(request.value)
  if (bytes.length <= most) return bytes
  const failed = items.map((one) => ({ ...one, result: failure(header.version, tooLong(most)) }))
  return encodeItem(writeResponse({ ...response, items: failed }))
}

/** A message of which nothing is done is a call of its identity all the same. */
function refusedCall(
  header: RequestHeader | null,
  refusal: Refusal,
  { caller }: KmipClient,
  { roomFor, now }: AnswerParts,
): Item {
  const room = roomFor(caller.identity)
  const { version = '1.0', clientCorrelationValue = null } = header ?? {}
  return writeResponse(refusedWhole(version, clientCorrelationValue, room.ok ? refusal : room, now()))
}

/** The response to a message of which nothing is done, whatever it is, since nobody knows who sends it. */
export function refuseMessage(message: Uint8Array, refusal: Refusal | null, now: Date): Uint8Array {
  const item = decodeItem(message)
  const request = item.ok ? readRequest(item.value) : item
  const header = request.ok ? request.value.header : null
  const why = refusal ?? refuse('KMIP-MESSAGE', 'it is no message')
  const { version = '1.0', clientCorrelationValue = null } = header ?? {}
  return encodeItem(writeResponse(refusedWhole(version, clientCorrelationValue, why, now)))
}

/** What a header asks for and the server does not do: refused, and not passed over. */
function unmetBy({ header, items }: Request): Refusal | null {
  const { AsynchronousIndicator, BatchErrorContinuationOption } = enumerations
  if (header.authentication !== null)
    return refuse('KMIP-CREDENTIAL', 'the certificate of the connection says who asks, and nothing else')
  if (header.asynchronousIndicator === AsynchronousIndicator.Mandatory)
    return refuse('KMIP-FEATURE', 'asynchronous operations are not served')
  if (header.batchErrorContinuation === BatchErrorContinuationOption.Undo && items.length > 1)
    return refuse('KMIP-FEATURE', 'a batch is not undone')
  return null
}

const mostOf = ({ header }: Request): number =>
  Math.min(header.maximumResponseSize ?? maxResponse, maxResponse)
const tooLong = (most: number) => refuse('KMIP-RESPONSE-SIZE', `the response has more than ${most} bytes`)

/** One after another, in the order of the batch; the first that fails is the last, unless the client wants to go on. */
async function runBatch(
  request: Request,
  client: KmipClient,
  parts: AnswerParts,
): Promise<readonly ResponseItem[]> {
  const { header, items } = request
  const { Continue } = enumerations.BatchErrorContinuationOption
  const reqId = parts.newReqId()
  const caller = withinProject(client.caller, client)
  const done: ResponseItem[] = []
  let placeholder: string | null = null
  let left = mostOf(request)
  for (const item of items) {
    const { operation, id } = item
    const ran = await runItem(item, header.version, placeholder, { caller, reqId, client, parts })
    const size = ran.ok ? ran.value.payload.reduce((sum, one) => sum + encodedLength(one), 0) : 0
    const outcome = size > left ? tooLong(mostOf(request)) : ran
    if (!outcome.ok) {
      done.push({ operation, id, result: failure(header.version, outcome) })
      if (header.batchErrorContinuation !== Continue) break
      continue
    }
    left -= size
    const { payload } = outcome.value
    if (outcome.value.placeholder !== undefined) placeholder = outcome.value.placeholder
    done.push({ operation, id, result: { status: 'success', payload } })
  }
  return done
}

async function runItem(
  { operation: code, ephemeral, payload, extensions }: RequestItem,
  version: Version,
  placeholder: string | null,
  { caller, reqId, client, parts }: { caller: Caller; reqId: string; client: KmipClient; parts: AnswerParts },
): Promise<Outcome<Done>> {
  const { call: first, room } = admit(caller, { door: 'kmip', reqId }, parts)
  if (!room.ok) return room
  const operation = findOperation(code)
  if (operation === null || operation.since > version)
    return refuse('KMIP-OPERATION', `operation ${code} is not served in ${version}`)
  if (extensions.some(({ critical }) => critical))
    return refuse('KMIP-FEATURE', 'a MessageExtension that is critical is not known')
  if (ephemeral === true) return refuse('KMIP-FEATURE', 'Ephemeral is not served')
  const call = (): Call => {
    const made: Call = { ...first }
    parts.heard?.(made)
    return made
  }
  const asked: Asked = {
    ...{ version, placeholder, keys: parts.keys, project: client.project, now: parts.now, call },
    room: () => parts.roomFor(caller.identity),
  }
  try {
    return await operation.run(asked, payload)
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    parts.fault(error)
    // The detail of a failure may name places of this machine.
    return refuse(failureOf(error)?.code ?? 'INTERNAL', 'the server could not do it')
  }
}

const failure = (version: Version, { rule, detail }: Refusal): Result => ({
  status: 'failed',
  reason: reasonIn(version, reasonOf(rule)),
  message: `${rule}: ${detail}`,
})

/** A message of which nothing is done is answered by one item, which names no operation. */
const refusedWhole = (version: Version, correlation: string | null, refusal: Refusal, now: Date): Response =>
  responseOf(version, correlation, [{ operation: null, id: null, result: failure(version, refusal) }], now)

const responseOf = (
  version: Version,
  correlation: string | null,
  items: readonly ResponseItem[],
  now: Date,
): Response => ({
  header: {
    version,
    timeStamp: BigInt(Math.floor(now.getTime() / 1000)),
    clientCorrelationValue: correlation,
    serverCorrelationValue: null,
  },
  items,
})
