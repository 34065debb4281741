import type { TokenInfo } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'

/** Refuses HSM-TOKEN-ABSENT, and HSM-TOKEN-AMBIGUOUS with every serial: a label can be anybody's, a serial number is one token's. */
export function serialOfLabel(tokens: readonly TokenInfo[], label: string): string {
  const found = tokens.filter((token) => token.initialised && token.label === label)
  const [only] = found
  if (only === undefined)
    throw hsmError('HSM-TOKEN-ABSENT', `no token labelled ${JSON.stringify(label)} is present`)
  if (found.length > 1)
    throw hsmError(
      'HSM-TOKEN-AMBIGUOUS',
      `${found.length} tokens are labelled ${JSON.stringify(label)}: ${found.map(({ serial }) => serial).join(', ')}`,
    )
  return only.serial
}
