import { completionScript, manualPage, type Shell, shells } from '@lux/node-files/command-line'
import { Argument, type Command } from 'commander'
import type { CommandLine } from './command-line.ts'
import type { Outcome } from './output.ts'

/** Last of all, when every other command is there. */
export function registerCompletion({ program, act }: CommandLine): void {
  program
    .command('completion')
    .description('Write the completion of every command and option for a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action((shell: Shell) => act(() => completion(program, shell)))
    .addHelpText(
      'after',
      `
Examples:
  $ custody completion bash > ~/.local/share/bash-completion/completions/custody
  $ custody completion zsh > ~/.custody-completion.zsh   # and source it in ~/.zshrc
  $ custody completion fish > ~/.config/fish/completions/custody.fish`,
    )
}

function completion(program: Command, shell: Shell): Outcome {
  const script = completionScript(program, shell)
  return { exit: 0, json: { ok: true, shell, script }, text: script }
}

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
