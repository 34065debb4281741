import { fromHex, sha256Hex } from '@lux/crypto'

/** CKA_ID of a destination's transport public key on the ceremony token: of its attempt, so that leftovers are known. */
export function transportId(attemptCkaId: string, index: number): string {
  return sha256Hex(fromHex(attemptCkaId), Uint8Array.of(index)).slice(0, 32)
}
