import { Command, CommanderError } from 'commander'
import { failureOutcome, type Outcome, print } from './output.ts'
import { type RehearseOptions, rehearse } from './rehearse.ts'

const program = new Command('custody')
  .description('Offline key ceremonies on hardware security modules.')
  .option('--json', 'one JSON document on stdout')
  .exitOverride()
  .configureOutput({
    writeOut: (text) => process.stdout.write(text),
    writeErr: (text) => process.stderr.write(text),
  })

function collect(pair: string, all: Record<string, string> = {}): Record<string, string> {
  const at = pair.indexOf('=')
  if (at < 1) throw new CommanderError(2, 'custody.set', `--set ${pair}: expected NAME=VALUE`)
  return { ...all, [pair.slice(0, at)]: pair.slice(at + 1) }
}

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
  .option('--set <name=value>', 'a blank of the script', collect)
  .action((what: string, options: RehearseOptions) => act(() => rehearse(what, options)))

async function act(work: () => Promise<Outcome>): Promise<void> {
  try {
    print(await work(), program.opts<{ json?: boolean }>().json === true)
  } catch (error) {
    const outcome = failureOutcome(error)
    if (outcome === null) throw error
    print(outcome, program.opts<{ json?: boolean }>().json === true)
  }
}

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : 2
}
