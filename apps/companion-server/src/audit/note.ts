import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { fromBase64, toBase64 } from '@lux/crypto'

/** A C2SP checkpoint: how many leaves a log has, and the root over them (RFC 6962). */
export type LogHead = { readonly origin: string; readonly size: number; readonly root: Uint8Array }

/** A key that signs notes (C2SP signed-note), by what others know it. */
export type NoteVerifier = {
  readonly name: string
  readonly id: Buffer
  readonly type: number
  readonly key: KeyObject
}
export type NoteSigner = NoteVerifier & { readonly vkey: string; signatureOf(text: string): string }

export type NoteLine = { readonly name: string; readonly id: Buffer; readonly signature: Buffer }
export type Note = { readonly text: string; readonly head: LogHead; readonly lines: readonly NoteLine[] }

const ed25519 = 0x01
const cosignature = 0x04
/** DER around the bytes of an Ed25519 key (RFC 8410). */
const privateDer = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicDer = Buffer.from('302a300506032b6570032100', 'hex')
const nameShape = /^[^\s+]{1,256}$/u
const maxNote = 16_384
const maxLines = 32

const keyId = (name: string, typed: Uint8Array): Buffer =>
  createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4)

/** A log's own key, from 32 secret bytes. */
export function noteSigner(name: string, seed: Uint8Array): NoteSigner {
  const secret = createPrivateKey({ key: Buffer.concat([privateDer, seed]), format: 'der', type: 'pkcs8' })
  const key = createPublicKey(secret)
  const typed = Buffer.concat([Buffer.of(ed25519), key.export({ format: 'der', type: 'spki' }).subarray(-32)])
  const id = keyId(name, typed)
  return {
    ...{ name, id, type: ed25519, key },
    vkey: `${name}+${id.toString('hex')}+${toBase64(typed)}`,
    signatureOf: (text) => lineOf(name, id, sign(null, Buffer.from(text), secret)),
  }
}

const lineOf = (name: string, id: Uint8Array, signature: Uint8Array): string =>
  `\u2014 ${name} ${toBase64(Buffer.concat([id, signature]))}\n`

/** `name+hex+base64`, of a log or of a witness; null where it is none. */
export function noteVerifier(vkey: string): NoteVerifier | null {
  const [, name = '', hex = '', text = ''] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44})$/u.exec(vkey) ?? []
  const typed = bytesOf(text)
  const type = typed?.[0]
  if (typed === null || typed.length !== 33 || !nameShape.test(name)) return null
  if (type !== ed25519 && type !== cosignature) return null
  const id = Buffer.from(hex, 'hex')
  if (!keyId(name, typed).equals(id)) return null
  const der = Buffer.concat([publicDer, typed.subarray(1)])
  return { name, id, type, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) }
}

export const headText = ({ origin, size, root }: LogHead): string => `${origin}\n${size}\n${toBase64(root)}\n`

/** A head with a log's own signature. */
export const signedNote = (head: LogHead, signer: NoteSigner): string =>
  `${headText(head)}\n${signer.signatureOf(headText(head))}`

/** Null where it is no note of a head without extensions. */
export function parseNote(note: string): Note | null {
  if (note.length > maxNote) return null
  const split = note.indexOf('\n\n')
  const text = note.slice(0, split + 1)
  const [, origin = '', digits = '', base64 = ''] =
    /^([^\n]{1,256})\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\n$/u.exec(text) ?? []
  const root = bytesOf(base64)
  const lines = linesOf(note.slice(split + 2))
  if (split < 0 || origin === '' || root?.length !== 32 || lines === null) return null
  return { text, head: { origin, size: Number(digits), root }, lines }
}

/** Signature lines as a note ends with them, or as a witness answers; null where one is of another form. */
export function linesOf(text: string): NoteLine[] | null {
  if (text === '' || text.length > maxNote || !text.endsWith('\n')) return null
  const lines = text.slice(0, -1).split('\n')
  if (lines.length > maxLines) return null
  const found = lines.map((line): NoteLine | null => {
    const [, name = '', base64 = ''] = /^\u2014 ([^\s+]{1,256}) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? []
    const bytes = bytesOf(base64)
    return bytes === null || bytes.length < 5
      ? null
      : { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) }
  })
  return found.every((one) => one !== null) ? found : null
}

const isOf = (line: NoteLine, { name, id }: NoteVerifier) => line.name === name && line.id.equals(id)

/** Whether a log's own key signed it. */
export function isSigned({ text, lines }: Note, by: NoteVerifier): boolean {
  const line = lines.find((one) => isOf(one, by))
  return by.type === ed25519 && line !== undefined && verify(null, Buffer.from(text), by.key, line.signature)
}

/** When a witness cosigned these bytes, in seconds since 1970 (C2SP tlog-cosignature); null where it did not. */
export function cosignedAt(text: string, lines: readonly NoteLine[], by: NoteVerifier): number | null {
  const line = lines.find((one) => isOf(one, by))
  if (by.type !== cosignature || line?.signature.length !== 72) return null
  const time = line.signature.readBigUInt64BE()
  const signed = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)
  return verify(null, signed, by.key, line.signature.subarray(8)) ? Number(time) : null
}

function bytesOf(base64: string): Buffer | null {
  try {
    return base64 === '' ? null : Buffer.from(fromBase64(base64))
  } catch {
    return null
  }
}
