import { CoreError } from '../../core/core-error.ts'

/** The command was called wrongly: exit 2, and nothing was done. */
export class WrongUse extends CoreError {
  override readonly name = 'WrongUse'
}
