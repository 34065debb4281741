import { ExpectedError } from '@lux/node-files'

/** The command was called wrongly: exit 2, and nothing was done. */
export class WrongUse extends ExpectedError {
  override readonly name = 'WrongUse'
}
