import { randomBytes, timingSafeEqual } from 'node:crypto'
import { concatBytes, hmacSha256, lp, utf8 } from '@lux/crypto'

/** What the answer will be good for; nothing else. */
export type Purpose = 'log-in' | `enrol ${string}`

const lives = 5 * 60_000
const randomLength = 16
const length = 8 + randomLength + 32

/** Time of its end, random bytes, and an HMAC over both and the purpose: the server knows its own again without keeping it. */
export function makeChallenge(key: Uint8Array, purpose: Purpose, now: Date): Uint8Array {
  const end = Buffer.alloc(8)
  end.writeBigUInt64BE(BigInt(now.getTime() + lives))
  const head = concatBytes(end, randomBytes(randomLength))
  return concatBytes(head, tagOf(key, purpose, head))
}

/** When it ends; null where it is not this server's, is for something else, or is over. */
export function endOfChallenge(
  key: Uint8Array,
  purpose: Purpose,
  challenge: Uint8Array,
  now: Date,
): Date | null {
  if (challenge.length !== length) return null
  const head = challenge.subarray(0, length - 32)
  if (!timingSafeEqual(tagOf(key, purpose, head), challenge.subarray(length - 32))) return null
  const end = Number(Buffer.from(head).readBigUInt64BE())
  return end > now.getTime() ? new Date(end) : null
}

const tagOf = (key: Uint8Array, purpose: Purpose, head: Uint8Array): Uint8Array =>
  hmacSha256(key, concatBytes(lp(utf8(purpose)), head))
