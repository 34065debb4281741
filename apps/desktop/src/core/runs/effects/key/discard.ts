import { fromHex, sha256Hex } from '@lux/crypto'
import type { Token } from '@lux/hsm'

const mostDestinations = 64

/** CKA_IDs that attempts may have left: their own, and those of the transport keys of their windows. */
export function idsOfAttempts(ckaIds: readonly string[]): Set<string> {
  const transports = ckaIds.flatMap((id) =>
    Array.from({ length: mostDestinations }, (_, index) => transportId(id, index)),
  )
  return new Set([...ckaIds, ...transports])
}

/**
 * Destroys what given-up attempts left on the token: their keys, and the transport public keys of their window. `failed` hears of each
 * object that does not go, and throws where that is to end it.
 */
export async function discard(
  token: Token,
  ckaIds: readonly string[],
  failed: (error: unknown) => void = rethrow,
): Promise<void> {
  if (ckaIds.length === 0) return
  const { objects } = await token.inventory()
  const doomed = idsOfAttempts(ckaIds)
  for (const object of objects) {
    if (!doomed.has(object.id)) continue
    if (object.class === 'secret' || object.class === 'public' || object.class === 'private') {
      await token.destroy({ id: object.id, class: object.class }).catch(failed)
    }
  }
}

function rethrow(error: unknown): never {
  throw error
}

/** CKA_ID of a destination's transport public key on the ceremony token: of its attempt, so that leftovers are known. */
export function transportId(attemptCkaId: string, index: number): string {
  return sha256Hex(fromHex(attemptCkaId), Uint8Array.of(index)).slice(0, 32)
}
