import type { CommandLine } from '../shell/command-line.ts'
import { registerPhoneExport } from './export.ts'
import { registerVerifyLog } from './verify-log.ts'
import { registerVerifyOrigin } from './verify-origin.ts'

/** The app on people's phones, for whoever serves it and for whoever watches over that. */
export function registerPhone({ program, act }: CommandLine): void {
  const group = program
    .command('phone')
    .description(
      'The app on people’s phones: write it out signed, compare what its origin serves, and read what a phone logged.',
    )
  registerPhoneExport(group, act)
  registerVerifyOrigin(group, act)
  registerVerifyLog(group, act)
}
