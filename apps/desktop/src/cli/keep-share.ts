import { sealWithPassphrase, wipe } from '@lux/crypto'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import { mustBeNew, writeNew } from './files.ts'
import { encodeHeld, type Held } from './held-share.ts'
import { encodeState, freshState, statePath } from './holder-state.ts'
import type { PersonKey } from './key-file.ts'

/** A checked share and its empty record, two new files, the share sealed under the passphrase of its holder's key. */
export async function keepShare(
  out: string,
  held: Held,
  {
    key,
    envelope,
    passphrase,
    live,
  }: { key: PersonKey; envelope: ShareEnvelope; passphrase: string; live: boolean },
): Promise<void> {
  const plain = encodeHeld(held)
  try {
    mustBeNew(statePath(out))
    writeNew(out, await sealWithPassphrase(passphrase, plain), 0o600)
    writeNew(statePath(out), encodeState(freshState(live), key, envelope), 0o600)
  } finally {
    wipe(plain)
  }
}
