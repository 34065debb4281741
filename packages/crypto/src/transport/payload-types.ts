import { joinBytes, lp } from '../bytes.ts'
import { accept, type Outcome, refuse } from '../outcome.ts'

/**
 * What is carried, SPEC.md 11.1. A number keeps its meaning for ever. Types of several files are packages (`package.ts`), the others are
 * the bytes of one document.
 */
export const payloadTypes = {
  card: 1,
  policy: 2,
  'share-package': 3,
  acknowledgement: 4,
  'request-package': 5,
  'holder-answer': 6,
  'signature-request': 7,
  signature: 8,
  'heartbeat-request': 9,
  heartbeat: 10,
  'card-renewal': 11,
  'epoch-package': 12,
  'redeal-package': 13,
  'epoch-live': 14,
  'backup-sheet': 15,
  'epoch-approval': 16,
} as const

export type PayloadType = keyof typeof payloadTypes

// Object.keys gives strings: these are the names of the table above.
const names = new Map<number, PayloadType>(
  (Object.keys(payloadTypes) as PayloadType[]).map((name) => [payloadTypes[name], name]),
)

/** The name of a type's number; null for one that a newer program has. */
export function payloadTypeOf(code: number): PayloadType | null {
  return names.get(code) ?? null
}

/** More files than any package needs: a share has four, a request its ciphertexts. */
const MAX_FILES = 128

/** Several files as one payload: u8 count, then lp(file) of each. They have no names: a file is known by what is in it. */
export function packFiles(files: readonly Uint8Array[]): Uint8Array {
  if (files.length < 1 || files.length > MAX_FILES) throw new RangeError(`files: expected 1 to ${MAX_FILES}`)
  return joinBytes([new Uint8Array([files.length]), ...files.map(lp)])
}

/** The files of a package, as views into it. Refuses TRANSFER-PACKAGE. */
export function unpackFiles(bytes: Uint8Array): Outcome<readonly Uint8Array[]> {
  const count = bytes[0] ?? 0
  if (count < 1 || count > MAX_FILES) return refuse('TRANSFER-PACKAGE', `${count} files`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const files: Uint8Array[] = []
  let at = 1
  for (let file = 1; file <= count; file++) {
    if (at + 4 > bytes.length) return refuse('TRANSFER-PACKAGE', `file ${file} is cut short`)
    const end = at + 4 + view.getUint32(at)
    if (end > bytes.length) return refuse('TRANSFER-PACKAGE', `file ${file} is cut short`)
    files.push(bytes.subarray(at + 4, end))
    at = end
  }
  return at === bytes.length ? accept(files) : refuse('TRANSFER-PACKAGE', 'bytes follow the last file')
}
