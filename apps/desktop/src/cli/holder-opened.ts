import { wipe } from '@lux/crypto'
import { forgetEnvelope, type ShareEnvelope } from '@lux/crypto/fhe'
import { writeDurably } from '../core/store/durable-file.ts'
import { openHeldShare } from './held-proof.ts'
import { type Held, parseHeld } from './held-share.ts'
import { encodeState, type HolderState, openState, statePath } from './holder-state.ts'
import { openKeyFile, openSealedFile, type PersonKey } from './key-file.ts'
import { type PassphraseOptions, readPassphrase } from './secret-input.ts'

export type ShareOptions = PassphraseOptions & { share: string; key: string }

/** A holder's key and kept share, opened and checked again, with what the share has answered. */
export type Opened = {
  readonly key: PersonKey
  readonly held: Held
  readonly envelope: ShareEnvelope
  readonly before: HolderState
}

const maxShareFile = 16 << 20

/** Does something with an opened share; whatever comes of it, key and share are wiped afterwards. */
export async function withShare<T>(
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
    return await work({ key, held, envelope, before: openState(options.share, key, envelope) })
  } finally {
    key.identity.secret.wipe()
    if (held !== null) wipe(held.content)
    if (envelope !== null) forgetEnvelope(envelope)
  }
}

/** Writes what a share has answered, on disk before anything leaves. */
export function keepState(share: string, state: HolderState, { key, envelope }: Opened): void {
  writeDurably(statePath(share), encodeState(state, key, envelope), 0o600)
}
