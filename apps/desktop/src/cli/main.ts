import { protectProcess } from '@lux/hsm/protect'
import { Command, CommanderError } from 'commander'
import { programVersion } from '../core/program.ts'
import { registerCeremony } from './ceremony/ceremony.ts'
import { registerFhe } from './fhe/fhe.ts'
import { registerPeople } from './people.ts'
import { registerPlan } from './plan/plan.ts'
import { registerPolicy } from './policy/policy.ts'
import { registerRehearse } from './rehearse-command.ts'
import { registerRequest } from './request/request.ts'
import { commandLine } from './shell/command-line.ts'
import { failureOutcome, print } from './shell/output.ts'
import { WrongUse } from './shell/wrong-use.ts'
import { registerToken } from './token/token.ts'
import { registerVerify } from './verify.ts'
import { registerVersion } from './version.ts'

// A run's files are for its owner alone; whatever is meant for others is given its mode when it is written.
process.umask(0o077)
// PINs and passphrases pass through here.
protectProcess()

const asJson = process.argv.includes('--json')

// Whoever reads may have had enough (`| head`): the result is then nobody's, and progress is only a remark.
process.stdout.on('error', leaveQuietly)
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}

const program = new Command('custody')
  .description('Offline key ceremonies on hardware security modules.')
  .version(programVersion(), '--version', 'the version of this tool')
  .option('--json', 'one JSON document on stdout')
  .exitOverride()
  .configureOutput({
    writeOut: (text) => process.stdout.write(text),
    writeErr: (text) => process.stderr.write(text),
    // What is wrong with a command is said once, below, as every other refusal.
    outputError: () => undefined,
  })
  .addHelpText(
    'after',
    `
Exit codes: 0 done or accepted, 1 refused (the rule is named), 2 wrong use, 3 the environment failed (token, disk,
library), 4 waiting for a person. The result is on stdout, everything else on stderr.
PINs and passphrases come from the terminal, a descriptor or a file of mode 0600, never from an argument.

Start here:
  $ custody rehearse --out rehearsal
  $ custody verify rehearsal/bundle.zip --policy rehearsal/policy.json
  $ custody help verify`,
  )

const cli = commandLine(program)
for (const register of [
  registerRehearse,
  registerCeremony,
  registerPlan,
  registerPolicy,
  registerVerify,
  registerToken,
  registerFhe,
  registerRequest,
  registerVersion,
])
  register(cli)
registerPeople(cli)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) endOf(error)
  else report(error)
}

/** An option's parser throws before there is a command's work to report on. */
function report(error: unknown): void {
  print(failureOutcome(error), asJson)
}

/** Commander itself has put help and version where they belong, help that nobody asked for on stderr. */
function endOf({ exitCode, code, message }: CommanderError): void {
  process.exitCode = exitCode === 0 ? 0 : 2
  if (exitCode === 0 || (code === 'commander.help' && !asJson)) return
  report(new WrongUse('USAGE', message.replace(/^error: /, '')))
}
