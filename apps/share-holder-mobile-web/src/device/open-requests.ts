import type { RequestPackage } from '@lux/ceremony/wire'
import { packFiles, unpackFiles } from '@lux/crypto/transport'
import { readRequest } from '@lux/people'
import type { Answer, Files, OpenRequest } from './api.ts'
import { keepSigned } from './clock.ts'
import { no, yes } from './kept.ts'
import {
  encodeText,
  type Place,
  parseText,
  type Records,
  storageRefusal,
  tolerant,
  type Written,
} from './records.ts'

/** Limits of the list, per request with its ciphertexts, and in all. A request beyond them is read from its files again. */
const most = { bytes: 8 << 20, files: 64, all: 16 << 20, requests: 16 }
const stores = ['asked', 'asked-files'] as const

/** The requests that were read, and neither decided nor expired, the next to expire first. */
export function openRequests(records: Records, now: string): OpenRequest[] {
  return keptRequests(records)
    .filter(({ expires }) => expires > now)
    .toSorted((a, b) => a.expires.localeCompare(b.expires))
}

/**
 * Keeps a request that was read, so that it can be decided later, and says whether it is on the list now. Where the phone has no room it
 * is not, and may be decided all the same. `time`: of the reading; `signed`: the times in the request that others signed.
 */
export async function listRequest(
  records: Records,
  {
    request,
    files,
    time,
    signed,
  }: { request: OpenRequest; files: Files; time: string; signed: readonly string[] },
): Promise<boolean> {
  const { written, gone } = keepRequest(records, request, files, time)
  const kept = [...written, ...keepSigned(records, time, signed)]
  try {
    if (kept.length > 0 || gone.length > 0) await records.write(kept, gone)
  } catch (error) {
    if (storageRefusal(error)?.rule !== 'PHONE-STORAGE-FULL') throw error
  }
  return records.ids('asked').includes(request.id)
}

/** The records of a request that is kept, and the places of those that have expired: one transaction changes both. */
function keepRequest(
  records: Records,
  request: OpenRequest,
  files: Files,
  now: string,
): { written: Written[]; gone: Place[] } {
  const kept = keptRequests(records)
  const [expired, current] = [
    kept.filter(({ expires }) => expires <= now),
    kept.filter(({ expires }) => expires > now),
  ]
  const gone = expired.flatMap(({ id }) => requestPlaces(id))
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const all = current.reduce((sum, one) => sum + one.size, size)
  const full = current.length >= most.requests || size > most.bytes || all > most.all
  const known = records.ids('asked').includes(request.id)
  if (known || files.length > most.files || full) return { written: [], gone }
  return {
    written: [
      { store: 'asked', id: request.id, plain: encodeText({ ...request, size }) },
      { store: 'asked-files', id: request.id, plain: packFiles(files.map(({ bytes }) => bytes)) },
    ],
    gone,
  }
}

/** The places of a request's records. */
export const requestPlaces = (id: string): Place[] => stores.map((store) => ({ store, id }))

/** The files of a request that was kept. Refuses PHONE-REQUEST-MISSING. */
export function requestFilesOf(records: Records, id: string): Answer<Files> {
  const bytes = records.read('asked-files', id)
  const files = bytes === null ? null : unpackFiles(bytes)
  if (files?.ok !== true) return no('PHONE-REQUEST-MISSING')
  return yes(files.value.map((one, at) => ({ name: `request ${at + 1}`, bytes: one })))
}

/** The places of those requests to decrypt whose signed words fit: of one epoch, say, or with one number. */
export function placesOf(
  records: Records,
  fits: (request: RequestPackage['request']['payload']) => boolean,
): Place[] {
  return keptRequests(records).flatMap(({ id, kind }) => {
    if (kind !== 'request') return []
    const files = requestFilesOf(tolerant(records), id)
    const requests = files.ok ? files.value.flatMap(({ bytes }) => requestIn(bytes) ?? []) : []
    return requests.some(fits) ? requestPlaces(id) : []
  })
}

function requestIn(bytes: Uint8Array): RequestPackage['request']['payload'] | null {
  const read = readRequest(bytes)
  return read.ok ? read.value.request.payload : null
}

function keptRequests(records: Records): (OpenRequest & { size: number })[] {
  const kept = tolerant(records)
  return kept.ids('asked').flatMap((id) => {
    const bytes = kept.read('asked', id)
    // `keepRequest` wrote it, under the vault's key.
    return bytes === null ? [] : [parseText(bytes) as OpenRequest & { size: number }]
  })
}
