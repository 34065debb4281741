import type { RequestPackage } from '@lux/ceremony/wire'
import { packFiles, unpackFiles } from '@lux/crypto/transport'
import { readRequest } from '@lux/people'
import type { Answer, Files, OpenRequest } from './api.ts'
import { no, yes } from './kept.ts'
import { encodeText, type Place, parseText, type Records, tolerant, type Written } from './records.ts'

/** Of one request with its ciphertexts, of all of them, and of how many: what is more is read from its files again. */
const most = { bytes: 8 << 20, all: 16 << 20, files: 64, requests: 16 }
const stores = ['asked', 'asked-files'] as const

/** What was read and is not decided, the next to expire first. A decision, or its expiry, takes it away. */
export function openRequests(records: Records, now: string): OpenRequest[] {
  return keptRequests(records)
    .filter(({ expires }) => expires > now)
    .toSorted((a, b) => a.expires.localeCompare(b.expires))
}

/** What keeps a request that was read for later, in the same transaction as what takes the expired ones away. */
export function keepRequest(
  records: Records,
  request: OpenRequest,
  files: Files,
  now: string,
): { written: Written[]; gone: Place[] } {
  const expired = keptRequests(records).filter(({ expires }) => expires <= now)
  const gone = expired.flatMap(({ id }) => requestPlaces(id))
  const ids = records.ids('asked')
  const size = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const left = keptRequests(records).filter(({ expires }) => expires > now)
  const all = left.reduce((sum, one) => sum + one.size, size)
  const full = left.length >= most.requests || size > most.bytes || all > most.all
  if (ids.includes(request.id) || files.length > most.files || full) return { written: [], gone }
  return {
    written: [
      { store: 'asked', id: request.id, plain: encodeText({ ...request, size }) },
      { store: 'asked-files', id: request.id, plain: packFiles(files.map(({ bytes }) => bytes)) },
    ],
    gone,
  }
}

/** Where a request that was decided lies. */
export const requestPlaces = (id: string): Place[] => stores.map((store) => ({ store, id }))

/** The files of a request that was kept. Refuses PHONE-REQUEST-MISSING. */
export function requestFilesOf(records: Records, id: string): Answer<Files> {
  const bytes = records.read('asked-files', id)
  const files = bytes === null ? null : unpackFiles(bytes)
  if (files?.ok !== true) return no('PHONE-REQUEST-MISSING')
  return yes(files.value.map((one, at) => ({ name: `request ${at + 1}`, bytes: one })))
}

/** Where the requests lie that say so of themselves: for an epoch, or under one number, in whatever words. */
export function placesOf(
  records: Records,
  says: (request: RequestPackage['request']['payload']) => boolean,
): Place[] {
  return keptRequests(records).flatMap(({ id, kind }) => {
    if (kind !== 'request') return []
    const files = requestFilesOf(tolerant(records), id)
    const said = files.ok ? files.value.flatMap(({ bytes }) => saidOf(bytes) ?? []) : []
    return said.some(says) ? requestPlaces(id) : []
  })
}

function saidOf(bytes: Uint8Array): RequestPackage['request']['payload'] | null {
  const read = readRequest(bytes)
  return read.ok ? read.value.request.payload : null
}

function keptRequests(records: Records): (OpenRequest & { size: number })[] {
  const kept = tolerant(records)
  return kept.ids('asked').flatMap((id) => {
    const bytes = kept.read('asked', id)
    // Written by `keepRequest`, under the vault's key.
    return bytes === null ? [] : [parseText(bytes) as OpenRequest & { size: number }]
  })
}
