import { ExpectedError } from '@lux/node-files'
import type { Program } from '../../program.ts'
import type { RunFolder } from '../folder/run-folder.ts'

/**
 * A run goes on with the library that its header pins, by the SHA-256 of its file, and in production with the same build of the
 * tool. Errors: PLAN-LIBRARY, TOOL-UNACCEPTED.
 */
export function checkSame(folder: RunFolder, library: string, program: Program): void {
  const { header } = folder
  const other = header.tokens.find((token) => token.library !== library)
  if (other !== undefined) {
    throw new ExpectedError(
      'PLAN-LIBRARY',
      `${other.role}: the run began with the library ${other.library}, here is ${library}`,
    )
  }
  checkBuild(folder, program)
}

/** As far as it can be said without the token. Errors: TOOL-UNACCEPTED. */
export function checkBuild({ header }: RunFolder, program: Program): void {
  if (header.domain === 'production' && header.tool.build !== program.measurement.build) {
    throw new ExpectedError(
      'TOOL-UNACCEPTED',
      `the run began with the build ${header.tool.build}, this is ${program.measurement.build}`,
    )
  }
}
