import { concatBytes, fromHex, lp, sha256, sha256Hex, toHex, utf8 } from '@lux/crypto'

/** 32 bytes hex: SHA-256("lux-custody/possession/v1" || lp(ceremonyId of the root's birth) || rootId). */
export function possessionChallenge(bornIn: string, rootId: string): string {
  return sha256Hex(utf8('lux-custody/possession/v1'), lp(fromHex(bornIn)), fromHex(rootId))
}

/**
 * CKA_ID of an attempt, 16 bytes hex: SHA-256(lp(ceremonyId) || lp(stepId) || lp(attempt) || nonce16), cut. The ceremony
 * id is its 16 bytes, the step id UTF-8, the attempt decimal ASCII.
 */
export function attemptCkaId(ceremonyId: string, stepId: string, attempt: number, nonce: string): string {
  const digest = sha256(
    concatBytes(lp(fromHex(ceremonyId)), lp(utf8(stepId)), lp(utf8(String(attempt))), fromHex(nonce)),
  )
  return toHex(digest.subarray(0, 16))
}
