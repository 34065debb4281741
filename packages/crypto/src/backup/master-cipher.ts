import { pbkdf2 } from '@noble/hashes/pbkdf2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, u16be, utf8, wipe } from '../bytes.ts'

// SLIP-0039 "Encryption of the master secret": four rounds of a Feistel network over PBKDF2-HMAC-SHA-256.

const iterationsOfRound = 2500

/** What both directions take: exponent e makes 10000 * 2^e iterations in all. */
type MasterCipher = {
  readonly passphrase: Uint8Array
  readonly exponent: number
  readonly identifier: number
  readonly extendable: boolean
}

/** The encrypted master secret, of the same even length. */
export function encryptMaster(secret: Uint8Array, cipher: MasterCipher): Uint8Array {
  return feistel(secret, cipher, [0, 1, 2, 3])
}

/** Undoes `encryptMaster`. Another passphrase gives another secret: nothing here can tell. */
export function decryptMaster(encrypted: Uint8Array, cipher: MasterCipher): Uint8Array {
  return feistel(encrypted, cipher, [3, 2, 1, 0])
}

function feistel(block: Uint8Array, cipher: MasterCipher, order: readonly number[]): Uint8Array {
  const { passphrase, exponent, identifier, extendable } = cipher
  const salt = extendable ? new Uint8Array(0) : concatBytes(utf8('shamir'), u16be(identifier))
  const half = block.length / 2
  let left = block.slice(0, half)
  let right = block.slice(half)
  for (const round of order) {
    const password = concatBytes(Uint8Array.of(round), passphrase)
    const salted = concatBytes(salt, right)
    const c = iterationsOfRound * 2 ** exponent
    const stream = pbkdf2(sha256, password, salted, { c, dkLen: half })
    for (let i = 0; i < half; i++) left[i] = (left[i] ?? 0) ^ (stream[i] ?? 0)
    for (const bytes of [password, salted, stream]) wipe(bytes)
    ;[left, right] = [right, left]
  }
  const out = concatBytes(right, left)
  wipe(left)
  wipe(right)
  return out
}
