import { group, listOf, named, oneOf, optional, textOf, yesNo } from './fields.ts'

/** Fields that several use cases take. */
export const text = textOf(2000)
export const name = textOf(200, 1)
export const path = textOf(4096, 1)
export const id = textOf(32, 32, /^[0-9a-f]+$/)
export const digest = textOf(64, 64, /^[0-9a-f]+$/)
export const serial = textOf(64)
export const pin = textOf(255, 1)
export const tokenUser = oneOf(['user', 'so'])
export const passphrase = textOf(1024, 1)
/** What the window scanned, in Base64: less than a frame of the window may have. */
export const payload = textOf(1 << 20)

const timestamp =
  /^\d{4}-(0[1-9]|1[0-2])-([12]\d|0[1-9]|3[01])[T ]([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,9})?(Z| ?[+-]([01]\d|2[0-3])(:?[0-5]\d)?)$/
/** As ISO 8601 writes a date, a time and a zone. */
export const moment = textOf(40, 0, timestamp)

/**
 * `readAt`: when another clock was read, by this workstation's own. `heard`: of which all cards were read aloud, and who says that they
 * heard them. `here`: at the roll call, who ticked their own name.
 */
export const stepInput = {
  confirmed: optional(yesNo),
  values: optional(named(textOf(4200), text)),
  readAt: optional(moment),
  heard: optional(listOf(group({ digest, by: listOf(name, 64) }), 100)),
  here: optional(listOf(name, 100)),
}

/** Codes of a file that is read, of one that is written, and of a person's key file. */
export const reading = ['SHELL-PATHS', 'FILE-MISSING', 'FILE-UNREADABLE', 'FILE-TOO-LARGE'] as const
export const ofDisk = ['DISK-FULL', 'FOLDER-READ-ONLY'] as const
export const ofKeyFile = ['KEY-FILE-WRONG', 'KEY-OF-OTHER', 'KEY-PASSPHRASE'] as const
