import { CoreError } from '@lux/node-files'

/** The command was called wrongly: exit 2, and nothing was done. */
export class WrongUse extends CoreError {
  override readonly name = 'WrongUse'
}
