import { sealWithPassphrase, wipe } from '@lux/crypto'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import { encodeHeld, type Held } from './held-share.ts'
import { encodeState, freshState, statePath } from './holder-state.ts'
import { checkReceivable, noteReceived } from './received-shares.ts'
import { mustBeNew, writeNew } from './shell/files.ts'
import type { PersonKey } from './shell/key-file.ts'

type Keeping = {
  readonly key: PersonKey
  readonly keyFile: string
  readonly envelope: ShareEnvelope
  readonly passphrase: string
  readonly live: boolean
  /** The share or its record was lost: nobody knows what it answered, so that it counts as having answered everything. */
  readonly lost: boolean
}

/**
 * A checked share and its record, two new files, the share sealed under the passphrase of its holder's key, with a note beside the key
 * file: a share that was received once is not begun anew. Errors: SHARE-RECEIVED, RECEIVED-OTHER, FOLDER-READ-ONLY, FILE-EXISTS, and those of the file.
 */
export async function keepShare(out: string, held: Held, keeping: Keeping): Promise<void> {
  const { key, keyFile, envelope, passphrase, live, lost } = keeping
  checkReceivable(keyFile, key, envelope, lost)
  const state = lost
    ? { ...freshState(live), spent: { ...envelope.share.budgets }, canary: true }
    : freshState(live)
  const plain = encodeHeld(held)
  try {
    mustBeNew(statePath(out))
    writeNew(out, await sealWithPassphrase(passphrase, plain), 0o600)
    // Before the record, without which a share answers nothing: wherever this is cut off, there are no two records to count in.
    noteReceived(keyFile, key, envelope, { out, lost })
    writeNew(statePath(out), encodeState(state, key, envelope), 0o600)
  } finally {
    wipe(plain)
  }
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
