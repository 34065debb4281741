import { type Carried, type PayloadType, packFiles, unpackFiles } from '@lux/crypto/transport'
import type { Answer, Files } from '../device/api.ts'

/** What leaves this phone, as one payload: an answer has a file or two, what was dealt several, everything else is one document. */
export function carriedOf(type: PayloadType, files: Files): Carried {
  if (type === 'holder-answer' || type === 'redeal-package')
    return { type, payload: packFiles(files.map(({ bytes }) => bytes)) }
  const [file] = files
  if (file === undefined) throw new RangeError('files: expected one')
  return { type, payload: file.bytes }
}

const packages: ReadonlySet<PayloadType> = new Set([
  'share-package',
  'request-package',
  'epoch-package',
  'epoch-live',
  'heartbeat-request',
])

/** The files of a payload. They have no names: each is known by what is in it. */
export function filesOf({ type, payload }: Carried): Answer<Files> {
  if (!packages.has(type)) return { ok: true, value: [{ name: type, bytes: payload }] }
  const files = unpackFiles(payload)
  if (!files.ok) return files
  return { ok: true, value: files.value.map((bytes, at) => ({ name: `${type} ${at + 1}`, bytes })) }
}
