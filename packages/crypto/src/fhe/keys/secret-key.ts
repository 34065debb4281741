import { equalBytes, wipe } from '../../bytes.ts'
import type { Width } from '../../sharing/galois-ring.ts'
import { parseBinaryKey } from './binary-key.ts'
import { CLIENT_KEY_HEADER, parseClientKey } from './client-key.ts'

export type FheKeyType = 'TFHE_INTEGER' | 'TFHE_BINARY'

/** What of a client key is dealt: one vector of each width. `wipe` it. */
export type SecretKeyWords = {
  readonly type: FheKeyType
  readonly squash: boolean
  readonly vectors: readonly { readonly width: Width; readonly words: Uint8Array }[]
  wipe(): void
}

/** Reads tfhe's serialized client key of either type. Throws FormatError, the rules of both parsers. */
export function readSecretKey(clientKey: Uint8Array): SecretKeyWords {
  const of = (type: FheKeyType, ...words: readonly Uint8Array[]): SecretKeyWords => ({
    type,
    squash: words.length === 2,
    vectors: words.map((one, i) => ({ width: i === 0 ? 64 : 128, words: one })),
    wipe: () => {
      for (const one of words) wipe(one)
    },
  })
  // tfhe's safe-serialize header says 0.5 and a name; the Boolean API writes bare bincode.
  if (equalBytes(clientKey.subarray(0, 11), CLIENT_KEY_HEADER.subarray(0, 11))) {
    const { key64, key128 } = parseClientKey(clientKey)
    return key128 ? of('TFHE_INTEGER', key64, key128) : of('TFHE_INTEGER', key64)
  }
  return of('TFHE_BINARY', parseBinaryKey(clientKey).words)
}
