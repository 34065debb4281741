import {
  FormatError,
  openWithPassphrase,
  type PassphraseOptions as SealOptions,
  sealWithPassphrase,
  wipe,
} from '@lux/crypto'
import { ExpectedError, readBounded } from '@lux/node-files'
import { encodePersonKey, maxPersonKey, type PersonKey, parsePersonKey } from '@lux/people'
import { accepted } from './accepted.ts'

/** A key file: age under a passphrase, over what `encodePersonKey` gives. */
export async function sealKeyFile(
  key: PersonKey,
  passphrase: string,
  options?: SealOptions,
): Promise<Uint8Array> {
  const plain = encodePersonKey(key)
  try {
    return await sealWithPassphrase(passphrase, plain, options)
  } finally {
    wipe(plain)
  }
}

/** Errors: KEY-FILE-WRONG, KEY-PASSPHRASE, and those of the file. */
export async function openKeyFile(path: string, passphrase: string): Promise<PersonKey> {
  const plain = await openSealedFile(path, passphrase, maxPersonKey)
  try {
    return accepted(parsePersonKey(plain), { key: path })
  } finally {
    wipe(plain)
  }
}

/** A file sealed under a passphrase. Errors: KEY-PASSPHRASE, KEY-FILE-WRONG. The caller wipes what it gets. */
export async function openSealedFile(
  path: string,
  passphrase: string,
  maxBytes: number,
): Promise<Uint8Array> {
  try {
    return await openWithPassphrase(passphrase, readBounded(path, maxBytes))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    if (error.rule === 'SEAL-PASSPHRASE')
      throw new ExpectedError('KEY-PASSPHRASE', `${path}: this passphrase does not open it`)
    throw new ExpectedError('KEY-FILE-WRONG', `${path}: ${error.detail}`)
  }
}
