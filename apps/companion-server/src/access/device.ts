import { randomBytes, timingSafeEqual } from 'node:crypto'
import { concatBytes, hmacSha256, lp, toHex, utf8 } from '@lux/crypto'

const lives = 180 * 24 * 3_600_000
const idLength = 16
const length = 8 + idLength + 32

/** Seconds that a browser keeps it. */
export const deviceSeconds = lives / 1000

/**
 * What a browser shows at its next log-in, so that strangers' failures make nobody wait there. It proves that this person logged in from it,
 * opens nothing, and is known again without being kept.
 */
export function makeDevice(key: Uint8Array, identity: string, now: Date): string {
  const end = Buffer.alloc(8)
  end.writeBigUInt64BE(BigInt(now.getTime() + lives))
  const head = concatBytes(end, randomBytes(idLength))
  return Buffer.from(concatBytes(head, tagOf(key, identity, head))).toString('base64url')
}

/** Which device it is; null where it is another person's, not this server's, or over. */
export function deviceOf(key: Uint8Array, identity: string, given: string, now: Date): string | null {
  const bytes = Buffer.from(given, 'base64url')
  if (bytes.length !== length) return null
  const head = bytes.subarray(0, length - 32)
  if (!timingSafeEqual(tagOf(key, identity, head), bytes.subarray(length - 32))) return null
  return head.readBigUInt64BE() > BigInt(now.getTime()) ? toHex(head.subarray(8)) : null
}

const tagOf = (key: Uint8Array, identity: string, head: Uint8Array): Uint8Array =>
  hmacSha256(key, concatBytes(lp(utf8('custody-device-1')), lp(utf8(identity)), head))
