import { ExpectedError } from '@lux/node-files'
import * as v from 'valibot'
import { serialEndLength } from '../../../contract/index.ts'

const short = v.pipe(v.string(), v.minLength(1), v.maxLength(200))

/** Input of whoever seconds an act that destroys something. */
export const secondOfficer = v.strictObject({ name: short, serialEnd: short })

/** What stands on the thing itself has to be typed, so that the wrong one is not destroyed by a click. */
export function mustBeTyped(typed: string, wanted: string): void {
  if (typed === wanted) return
  throw new ExpectedError('TOKEN-LABEL-MISMATCH', 'the typed label is another one')
}

/** Two people destroy what is on a token: the second reads its serial from the token and not from the screen. */
export function mustBeSeconded(
  serial: string,
  second: v.InferOutput<typeof secondOfficer> | undefined,
): { readonly name: string } {
  if (second?.serialEnd.toLowerCase() === serial.slice(-serialEndLength).toLowerCase()) return second
  throw new ExpectedError('TOKEN-SECOND-OFFICER', 'no second officer has read the end of the serial')
}
