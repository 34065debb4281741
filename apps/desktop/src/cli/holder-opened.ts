import { existsSync } from 'node:fs'
import { equalBytes, wipe } from '@lux/crypto'
import { forgetEnvelope, type ShareEnvelope } from '@lux/crypto/fhe'
import { CoreError, writeDurably } from '@lux/node-files'
import { openHeldShare } from './held-proof.ts'
import { type Held, parseHeld } from './held-share.ts'
import { lockShare } from './holder/share-lock.ts'
import { encodeState, type HolderState, parseState, readState, statePath } from './holder-state.ts'
import { openKeyFile, openSealedFile, type PersonKey } from './shell/key-file.ts'
import { type PassphraseOptions, readPassphrase } from './shell/secret-input.ts'

export type ShareOptions = PassphraseOptions & { share: string; key: string }

/** A holder's key and kept share, opened and checked again, with what the share has answered. */
export type Opened = {
  readonly key: PersonKey
  readonly held: Held
  readonly envelope: ShareEnvelope
  readonly before: HolderState
  /** The record as it was read: what is kept in its place must follow from it. */
  readonly record: Uint8Array
}

const maxShareFile = 16 << 20

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
  const passphrase = await readPassphrase(options, `Passphrase of ${options.key}`)
  const key = await openKeyFile(options.key, passphrase)
  let held: Held | null = null
  let envelope: ShareEnvelope | null = null
  try {
    held = parseHeld(await openSealedFile(options.share, passphrase, maxShareFile), options.share)
    envelope = openHeldShare(held, key, options.key)
    const record = readState(statePath(options.share))
    const before = parseState(record, statePath(options.share), { key, envelope })
    return await work({ key, held, envelope, before, record })
  } finally {
    key.identity.secret.wipe()
    if (held !== null) wipe(held.content)
    if (envelope !== null) forgetEnvelope(envelope)
  }
}

/**
 * Writes what a share has answered, on disk before anything leaves. Errors: HOLDER-STATE-CHANGED where the record is not the one that
 * was read: a copy was put there, or a command of another version does not know the lock.
 */
export function keepState(share: string, state: HolderState, { key, envelope, record }: Opened): void {
  const path = statePath(share)
  if (!equalBytes(readState(path), record))
    throw new CoreError('HOLDER-STATE-CHANGED', `${path} is not what it was when this command read it`)
  writeDurably(path, encodeState(state, key, envelope), 0o600)
}
