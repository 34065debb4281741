import type { TokenInfo } from './device.ts'
import { hsmError } from './hsm-errors.ts'

/**
 * The initialised token of this serial number, or null. Refuses HSM-SERIAL-AMBIGUOUS where two show it: what is meant for one could
 * be done to the other.
 */
export function tokenOfSerial<T extends TokenInfo>(tokens: readonly T[], serial: string): T | null {
  const found = tokens.filter((token) => token.initialised && token.serial === serial)
  if (found.length > 1)
    throw hsmError(
      'HSM-SERIAL-AMBIGUOUS',
      `${found.length} tokens show the serial number ${serial}: ${found.map(({ slot, label }) => `${JSON.stringify(label)} in slot ${slot}`).join(', ')}`,
    )
  return found[0] ?? null
}
