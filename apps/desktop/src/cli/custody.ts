import type { Card } from '@lux/ceremony/wire'
import { Command, CommanderError } from 'commander'
import { findProgram, programVersion } from '../core/program.ts'
import { registerCeremony } from './ceremony/ceremony.ts'
import { registerRehearse } from './ceremony/rehearse.ts'
import { registerCustodian } from './custodian/custodian.ts'
import { registerFhe } from './fhe/fhe.ts'
import { registerHolderShare } from './holder/holder.ts'
import { registerEnrol } from './person/enrol.ts'
import { registerInbox } from './person/inbox.ts'
import { registerSigning } from './person/sign.ts'
import { registerPhone } from './phone/phone.ts'
import { registerPlan } from './plan/plan.ts'
import { registerPolicy } from './policy/policy.ts'
import { registerRequest } from './request/request.ts'
import { type CommandLine, commandLine, guardOptions } from './shell/command-line.ts'
import { registerCompletion, registerManual } from './shell/completion.ts'
import { type ExitCode, failureOutcome, type Outcome, print } from './shell/output.ts'
import { type Surroundings, surroundings, within } from './shell/surroundings.ts'
import { WrongUse } from './shell/wrong-use.ts'
import { registerStore } from './store/store.ts'
import { registerToken } from './token/token.ts'
import { registerTranscript } from './transcript.ts'
import { registerVerify } from './verify.ts'

/** Runs one command line: prints its one result and gives its exit code. `around`: this process's own where none is said. */
export function custody(args: readonly string[], around: Surroundings = surroundings()): Promise<ExitCode> {
  return within(around, () => run(args))
}

async function run(args: readonly string[]): Promise<ExitCode> {
  const asJson = args.includes('--json')
  let result: Outcome | null = null
  const program = describe()
  registerAll(
    commandLine(program, (outcome) => {
      result = outcome
    }),
  )
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    // Commander itself has put help and version where they belong, help that nobody asked for on stderr.
    if (error instanceof CommanderError && shown(error, asJson)) return error.exitCode === 0 ? 0 : 2
    // An option's parser throws before there is a command's work to report on.
    result = failureOutcome(error instanceof CommanderError ? wrongUse(error) : error)
  }
  return result === null ? 0 : printed(result, asJson)
}

/** Every command of the program; `act` does the work of the one that is given. */
export function commands(act: CommandLine['act']): Command {
  const program = describe()
  registerAll({ program, act })
  return program
}

function registerAll(cli: CommandLine): void {
  for (const register of [
    registerRehearse,
    registerCeremony,
    registerPlan,
    registerPolicy,
    registerPhone,
    registerVerify,
    registerTranscript,
    registerToken,
    registerStore,
    registerFhe,
    registerRequest,
    registerVersion,
  ])
    register(cli)
  registerPeople(cli)
  registerInbox(cli)
  registerManual(cli)
  registerCompletion(cli)
  guardOptions(cli.program)
}

function printed(outcome: Outcome, asJson: boolean): ExitCode {
  print(outcome, asJson)
  return outcome.exit
}

const shown = ({ exitCode, code }: CommanderError, asJson: boolean): boolean =>
  exitCode === 0 || (code === 'commander.help' && !asJson)

const oneValue = 'An option takes one value: where it may have several, repeat the option before each.'

function wrongUse({ code, message }: CommanderError): WrongUse {
  // What an option does not take is an argument, and there was one value of it too many.
  const said = message.replace(/^error: /, '')
  return new WrongUse('USAGE', code === 'commander.excessArguments' ? `${said} ${oneValue}` : said)
}

function describe(): Command {
  return new Command('custody')
    .description('Offline key ceremonies on hardware security modules.')
    .version(programVersion(), '--version', 'the version of this tool')
    .option('--json', 'one JSON document on stdout')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => surroundings().out(text),
      writeErr: (text) => surroundings().err(text),
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
}

function registerVersion({ program, act }: CommandLine): void {
  program
    .command('version')
    .description(
      'Show this program’s version and build: the build is what a policy lists as an accepted tool.',
    )
    .action(() => act(versionOutcome))
    .addHelpText(
      'after',
      `
A build is the SHA-256 over the sorted list of all that is in the package’s folder “resources”: the window, core, their
modules and the Node that runs them. Everybody who has the same package sees the same one, and gets it without this
program too. A checkout is dev:COMMIT, which can only rehearse.

  $ (cd resources && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum)

With --json the build is a field of its own, as a policy takes it: policy new --accept-tool BUILD.

Example:
  $ custody version --json`,
    )
}

function versionOutcome(): Outcome {
  const { version, build, files } = findProgram().measurement
  const json = { ok: true, version, build, files, node: process.version }
  return {
    exit: 0,
    json,
    text: [`version ${version}`, `build   ${build}`, `node    ${process.version}`].join('\n'),
  }
}

const descriptions: Record<Card['kind'], string> = {
  officer: 'A crypto officer’s own device: enrol, approve.',
  witness: 'A witness’s own device: enrol, cosign.',
  holder: 'A share holder: enrol, receive, prove, approve, refuse, renew, and a share’s next epoch.',
  custodian: 'A custodian of a root’s backup: enrol, receive, prove, check, state, give.',
  approver: 'An approver of decryptions: enrol, approve.',
  requester: 'Who asks for decryptions: enrol.',
  evaluator: 'Who computes on ciphertexts and vouches for them: enrol.',
  encryptor: 'Who encrypts inputs and signs them: enrol.',
  administrator: 'Who leads a ceremony: enrol.',
  operator: 'Who works at the workstation: enrol.',
  so: 'The security officer of a token: enrol.',
  recorder: 'Who keeps the record of a ceremony: enrol.',
}

/** One group of commands per kind of person: all work on files, on the person’s own device. */
function registerPeople(cli: CommandLine): void {
  // Object.keys of a record gives exactly its keys.
  for (const kind of Object.keys(descriptions) as (keyof typeof descriptions)[]) {
    const group = cli.program.command(kind).description(descriptions[kind]).helpGroup('People:')
    registerEnrol(group, kind, cli)
    if (kind === 'officer' || kind === 'approver') registerSigning(group, kind, 'approve', cli)
    if (kind === 'witness') registerSigning(group, kind, 'cosign', cli)
    if (kind === 'holder') registerHolderShare(group, cli)
    if (kind === 'custodian') registerCustodian(group, cli)
  }
}
