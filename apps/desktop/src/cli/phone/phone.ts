import type { CommandLine } from '../shell/command-line.ts'
import { registerPhoneExport } from './export.ts'
import { registerVerifyOrigin } from './verify-origin.ts'

/** The app on people's phones, for whoever serves it and for whoever watches over that. */
export function registerPhone({ program, act }: CommandLine): void {
  const group = program
    .command('phone')
    .description('The app on people’s phones: write it out signed, and compare what its origin serves.')
  registerPhoneExport(group, act)
  registerVerifyOrigin(group, act)
}
