import { manualPage } from '@lux/node-files/command-line'
import type { CommandLine } from './command-line.ts'

/** Last of all, when every other command is there. */
export function registerManual({ program, act }: CommandLine): void {
  program
    .command('manual')
    .description('Write the manual page of every command and option, for man.')
    .action(() =>
      act(() => {
        const page = manualPage(program)
        return { exit: 0, json: { ok: true, page }, text: page }
      }),
    )
    .addHelpText(
      'after',
      `
Example:
  $ custody manual > ~/.local/share/man/man1/custody.1 && man custody`,
    )
}
