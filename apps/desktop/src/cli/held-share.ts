import { encodeCanonical, FormatError, fromBase64, parseCanonical, toBase64, wipe } from '@lux/crypto'
import { CoreError } from '@lux/node-files'
import { members } from './json-members.ts'

const maxShareFile = 16 << 20

/** A share as `holder receive` keeps it. */
export type Held = {
  content: Uint8Array
  sealed: Uint8Array
  pub: Uint8Array
  ceremonyId: string
  policyDigest: string
}

/** JCS of a held share; the caller seals and wipes it. */
export function encodeHeld({ content, sealed, pub, ceremonyId, policyDigest }: Held): Uint8Array {
  return encodeCanonical({
    v: 1,
    kind: 'held-share',
    ceremonyId,
    policyDigest,
    content: toBase64(content),
    sealed: toBase64(sealed),
    public: toBase64(pub),
  })
}

/** Wipes what it reads. Errors: SHARE-FILE-WRONG. */
export function parseHeld(plain: Uint8Array, path: string): Held {
  const wrong = () =>
    new CoreError('SHARE-FILE-WRONG', `${path} holds no share`, 'name the file that receive wrote')
  try {
    const file = members(parseCanonical(plain, { maxBytes: maxShareFile }))
    const text = (name: string): string => {
      const value = file[name]
      if (typeof value !== 'string') throw wrong()
      return value
    }
    if (file.v !== 1 || file.kind !== 'held-share') throw wrong()
    return {
      sealed: fromBase64(text('sealed')),
      pub: fromBase64(text('public')),
      ceremonyId: text('ceremonyId'),
      policyDigest: text('policyDigest'),
      // Last, so that nothing is left of it where another member is missing.
      content: fromBase64(text('content')),
    }
  } catch (error) {
    if (error instanceof FormatError) throw wrong()
    throw error
  } finally {
    wipe(plain)
  }
}
