import { existsSync } from 'node:fs'
import { equalBytes, wipe } from '@lux/crypto'
import { ExpectedError, readBounded, writeInFolder } from '@lux/node-files'
import {
  forgetShareOf,
  type HeldShare,
  maxShareFile,
  maxState,
  type OpenedShare,
  openHeldShare,
  parseHeldShare,
  parseState,
} from '@lux/people'
import { openSealedFile } from '../../core/use-cases/key-file.ts'
import { statePath } from '../../core/use-cases/share-file.ts'
import { accepted, type Remedies } from '../shell/accepted.ts'
import { openOwnKey } from '../shell/key-input.ts'
import type { PassphraseOptions } from '../shell/secret-input.ts'
import { lockShare } from './share-lock.ts'

export { keepShare, namedIn, readReceived, receivedPath } from '../../core/use-cases/share-file.ts'

/** What to do about a key that opens no share, or another's. */
export const holderKeyRemedies: Remedies = {
  'REQUEST-DOMAIN': 'use the key that was enrolled for it',
  'REQUEST-ROLE': 'name a holder’s key file',
}

export type ShareOptions = PassphraseOptions & { share: string; key: string }

/** A share that a command has open. */
export type Opened = OpenedShare & {
  /** The record as it was read: what is kept in its place must follow from it. */
  readonly record: Uint8Array
}

/**
 * Does something with an opened share that no other command has open meanwhile; whatever comes of it, key and share are wiped
 * afterwards. Errors: HOLDER-BUSY, HOLDER-STATE-…, SHARE-FILE-WRONG, those of the key file.
 */
export async function withShare<T>(
  options: ShareOptions,
  work: (opened: Opened) => Promise<T> | T,
): Promise<T> {
  if (!existsSync(options.share)) return withLocked(options, work)
  const release = lockShare(options.share)
  try {
    return await withLocked(options, work)
  } finally {
    release()
  }
}

/** As `withShare`, for what writes nothing beside the share: it may lie on a medium that takes no file. */
export async function withLocked<T>(
  options: ShareOptions,
  work: (opened: Opened) => Promise<T> | T,
): Promise<T> {
  const { key, passphrase } = await openOwnKey(options.key, options)
  const paths = { key: options.key, share: options.share, state: statePath(options.share) }
  let held: HeldShare | null = null
  let opened: OpenedShare | null = null
  try {
    held = accepted(parseHeldShare(await openSealedFile(options.share, passphrase, maxShareFile)), paths)
    const envelope = accepted(openHeldShare(held, key), paths, holderKeyRemedies)
    const record = readState(paths.state)
    const before = accepted(parseState(record, { key, envelope }), paths)
    opened = { key, held, envelope, before }
    return await work({ ...opened, record })
  } finally {
    key.identity.secret.wipe()
    if (opened !== null) forgetShareOf(opened)
    else if (held !== null) wipe(held.content)
  }
}

/** A share's record. A missing one is not a fresh one: with it the budget would start again. Errors: HOLDER-STATE-MISSING. */
function readState(path: string): Uint8Array {
  try {
    return readBounded(path, maxState)
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'FILE-MISSING')
      throw new ExpectedError(
        'HOLDER-STATE-MISSING',
        `${path} is gone, and with it what this share has answered`,
      )
    throw error
  }
}

/**
 * Writes what a share has answered, on disk before anything leaves. Errors: HOLDER-STATE-CHANGED where the record is not the one that
 * was read: a copy was put there, or a command of another version does not know the lock.
 */
export function keepState(share: string, state: Uint8Array, { record }: Pick<Opened, 'record'>): void {
  const path = statePath(share)
  if (!equalBytes(readState(path), record))
    throw new ExpectedError('HOLDER-STATE-CHANGED', `${path} is not what it was when this command read it`)
  writeInFolder(path, state, 0o600)
}

export const lostOption = [
  '--lost',
  'the share or its record is lost: it then counts as having answered all that it may, and only helps to move the key',
] as const

/** What a share that was lost is good for, in place of what it may answer. */
export const lostLine = (live: boolean): string =>
  live
    ? 'as its record is lost it decrypts nothing more; it can approve that the key moves, and deal'
    : 'as its record is lost it may have answered the canary, and answers it no more: if it has not, the run is aborted, and the retry deals anew'
