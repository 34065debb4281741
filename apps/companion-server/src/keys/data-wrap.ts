import { randomBytes } from 'node:crypto'
import {
  aesGcmOpen,
  aesGcmSeal,
  aesKwpUnwrap,
  aesKwpWrap,
  concatBytes,
  FormatError,
  hkdfSha256,
  utf8,
} from '@lux/crypto'
import { EnvironmentError } from '../refusal.ts'
import { projectRowMac, requireMac, rowMessage, type WrappedRow } from './row-mac.ts'

/** A data key under its project's KEK: a row of the database, and the MAC over it. */
export type Sealed = { readonly row: WrappedRow; readonly mac: Uint8Array }

const nonceLength = 12

/**
 * What a ceremony wrapped came as KWP and stays so. What this server made is nonce 12 | AES-256-GCM, with the whole row as
 * additional data.
 */
export function sealRow(projectKek: Uint8Array, place: Omit<WrappedRow, 'wrapped'>, key: Uint8Array): Sealed {
  const wrapped = place.origin === 'ceremony' ? aesKwpWrap(projectKek, key) : sealed()
  const row = { ...place, wrapped }
  return { row, mac: projectRowMac(projectKek, row) }

  function sealed() {
    const nonce = randomBytes(nonceLength)
    return withKey(projectKek, (wrapping) =>
      concatBytes(nonce, aesGcmSeal(wrapping, nonce, key, dataOf(place))),
    )
  }
}

/** Undoes `sealRow`. Throws KEY-ROW-CHANGED, and KEY-UNWRAP where the key was wrapped under another KEK or for another row. */
export function openRow(projectKek: Uint8Array, { row, mac }: Sealed): Uint8Array {
  requireMac(projectRowMac(projectKek, row), mac, row)
  const { wrapped } = row
  try {
    if (row.origin === 'ceremony') return aesKwpUnwrap(projectKek, wrapped)
    return withKey(projectKek, (wrapping) =>
      aesGcmOpen(wrapping, wrapped.subarray(0, nonceLength), wrapped.subarray(nonceLength), dataOf(row)),
    )
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new EnvironmentError('KEY-UNWRAP', `version ${row.version} of ${row.owner} does not unwrap`)
  }
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
