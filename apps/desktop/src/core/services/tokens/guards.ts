import { ExpectedError } from '@lux/node-files'
import { type InputOf, serialEndLength } from '../../../contract/index.ts'

/** What stands on the thing itself has to be typed, so that the wrong one is not destroyed by a click. */
export function mustBeTyped(typed: string, wanted: string): void {
  if (typed === wanted) return
  throw new ExpectedError('TOKEN-LABEL-MISMATCH', 'the typed label is another one')
}

/** Two people destroy what is on a token: the second reads its serial from the token and not from the screen. */
export function mustBeSeconded(
  serial: string,
  second: InputOf<'tokens.initialise'>['second'],
): { readonly name: string } {
  if (second?.serialEnd.toLowerCase() === serial.slice(-serialEndLength).toLowerCase()) return second
  throw new ExpectedError('TOKEN-SECOND-OFFICER', 'no second officer has read the end of the serial')
}
