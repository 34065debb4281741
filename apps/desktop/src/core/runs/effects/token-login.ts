import { HsmError, type Inventory, type Token } from '@lux/hsm'

/**
 * Without a log-in the token shows public objects only, and everything else would seem to be missing or destroyed. Throws
 * HSM-NOT-LOGGED-IN.
 */
export function seenByUser(found: Inventory, serial: string): Inventory {
  if (found.loggedIn === 'user') return found
  throw new HsmError({
    code: 'HSM-NOT-LOGGED-IN',
    detail: `the user is not logged in to ${serial}`,
    remedy: 'Log in to the token and repeat.',
  })
}

/** All that the user sees on a token. Throws HSM-NOT-LOGGED-IN. */
export async function inventoryAsUser(token: Token, serial: string): Promise<Inventory> {
  return seenByUser(await token.inventory(), serial)
}
