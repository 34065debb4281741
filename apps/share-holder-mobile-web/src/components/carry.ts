import { type Carried, type PayloadType, packFiles, unpackFiles } from '@lux/crypto/transport'
import type { Answer, Files } from '../device/api.ts'

/** Files as one payload for codes: several files of an answer or a dealing are packed, a single document goes as it is. */
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

/** The files of a payload. They have no names, because each is known by its contents. */
export function filesOf({ type, payload }: Carried): Answer<Files> {
  if (!packages.has(type)) return { ok: true, value: [{ name: type, bytes: payload }] }
  const files = unpackFiles(payload)
  if (!files.ok) return files
  return { ok: true, value: files.value.map((bytes, at) => ({ name: `${type} ${at + 1}`, bytes })) }
}
