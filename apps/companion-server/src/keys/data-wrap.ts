import { randomBytes } from 'node:crypto'
import { aesGcmOpen, aesGcmSeal, concatBytes, hkdfSha256, utf8 } from '@lux/crypto'
import { rowMessage, type WrappedRow } from './row-mac.ts'

const nonceLength = 12

/** A data key that this server made, under its project's: nonce 12 | AES-256-GCM, with its whole row as additional data. */
export function sealDataKey(
  projectKek: Uint8Array,
  row: Omit<WrappedRow, 'wrapped'>,
  key: Uint8Array,
): Uint8Array {
  const nonce = randomBytes(nonceLength)
  return withKey(projectKek, (wrapping) => concatBytes(nonce, aesGcmSeal(wrapping, nonce, key, dataOf(row))))
}

/** Undoes `sealDataKey`. Throws FormatError where the key was wrapped under another KEK or for another row. */
export function openDataKey(projectKek: Uint8Array, row: WrappedRow): Uint8Array {
  const nonce = row.wrapped.subarray(0, nonceLength)
  return withKey(projectKek, (wrapping) =>
    aesGcmOpen(wrapping, nonce, row.wrapped.subarray(nonceLength), dataOf(row)),
  )
}

/** A key of its own, so that a project's KEK itself is used for KWP alone. */
function withKey<T>(projectKek: Uint8Array, work: (key: Uint8Array) => T): T {
  const key = hkdfSha256(projectKek, new Uint8Array(0), utf8('custody-data-wrap-1'), 32)
  try {
    return work(key)
  } finally {
    key.fill(0)
  }
}

const dataOf = (row: Omit<WrappedRow, 'wrapped'>): Uint8Array =>
  rowMessage({ ...row, wrapped: new Uint8Array(0) })
