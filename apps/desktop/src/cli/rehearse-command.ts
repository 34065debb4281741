import { type RehearseOptions, rehearse } from './ceremony/rehearse.ts'
import { type CommandLine, collectBlank } from './shell/command-line.ts'

export function registerRehearse({ program, act }: CommandLine): void {
  program
    .command('rehearse')
    .argument('[what]', 'a script’s name, a script file, or a plan with --policy', 'first-run')
    .description('Run the whole ceremony on a throw-away soft token with stand-in people.')
    .requiredOption('--out <dir>', 'a new folder for the run')
    .option(
      '--destination <transport.json>',
      'a rehearsal server that shall receive the root; its card.json lies beside it',
    )
    .option('--policy <file>', 'the policy that a plan names')
    .option('--set <name=value>', 'a blank of the script', collectBlank)
    .action((what: string, options: RehearseOptions) => act(() => rehearse(what, options)))
    .addHelpText(
      'after',
      `
Examples:
  $ custody rehearse --out rehearsal
  $ custody rehearse token-initialisation --out rehearsal
  $ custody rehearse plan.yaml --policy policy.json --out rehearsal`,
    )
}
