import { HsmError, type TokenInfo, type UnreadableSlot } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'

/** Refuses HSM-TOKEN-ABSENT, or by the code of a slot that does not say what it holds, which may be it; and HSM-TOKEN-AMBIGUOUS with every serial: a label can be anybody's, a serial number is one token's. */
export function serialOfLabel(
  tokens: readonly TokenInfo[],
  unreadable: readonly UnreadableSlot[],
  label: string,
): string {
  const found = tokens.filter((token) => token.initialised && token.label === label)
  const [only] = found
  const [dark] = unreadable
  if (only === undefined && dark !== undefined)
    throw new HsmError({ ...dark, detail: `slot ${dark.slot} does not say what it holds: ${dark.detail}` })
  if (only === undefined)
    throw hsmError('HSM-TOKEN-ABSENT', `no token labelled ${JSON.stringify(label)} is present`)
  if (found.length > 1)
    throw hsmError(
      'HSM-TOKEN-AMBIGUOUS',
      `${found.length} tokens are labelled ${JSON.stringify(label)}: ${found.map(({ serial }) => serial).join(', ')}`,
    )
  return only.serial
}
