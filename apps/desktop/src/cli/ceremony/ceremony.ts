import type { Command } from 'commander'
import { type CommandLine, collectEnv, collectToken, severalOf } from '../shell/command-line.ts'
import { type AbortOptions, abortCeremony } from './abort.ts'
import { ceremonyStatus, type ResumeOptions, resumeCeremony, takeReceipt } from './resume.ts'
import { type CeremonyRunOptions, runCeremony } from './run.ts'

export function registerCeremony({ program, act }: CommandLine): void {
  const group = program
    .command('ceremony')
    .description('Run a ceremony from its locked plan, go on with one, or end it.')

  withPins(
    group
      .command('run')
      .argument('<plan>', 'the plan that the officers locked')
      .description('Begin a production run on the tokens of the plan; needs the plan’s lock.')
      .option(
        '--token <role=uri>',
        'a token of the plan; ROLE.so=URI names the SO’s PIN source',
        collectToken,
      )
      .option('--env <name=value>', 'a variable that the tokens’ library reads, many times', collectEnv)
      .option('--init-string <text>', 'what the library wants to be told when it starts, as NSS does')
      .option('--lock <file>', 'plan.lock.json with the officers’ approvals')
      .requiredOption('--policy <file>', 'the policy that the plan names')
      .requiredOption('--cards <dir>', 'card files of people and servers, and signed transport files')
      .option(
        '--attestations <dir>',
        'vendors’ root certificates and attestations; without it attestations/ beside the plan',
      )
      .option(
        '--public <file>',
        'public.bin of a threshold key that an earlier ceremony dealt, as the plan names it',
      )
      .requiredOption('--out <dir>', 'a new folder for the run')
      .option('--medium <dir>', 'folder that Export writes to; DIR/medium by default')
      .option('--after <receipt>', 'a server’s receipt of the bundle before this one', severalOf)
      .option('--burnt <bundle>', 'a bundle of an earlier drill or restore, many times', severalOf)
      .option('--answers <file>', 'what people answer to steps that only ask for a word'),
  )
    .action((plan: string, options: CeremonyRunOptions) => act(() => runCeremony(plan, options)))
    .addHelpText(
      'after',
      `
A step that needs a person writes DIR/out/<seq>-<what>.json and the command exits 4. Answers go into DIR/in/, then:
custody ceremony resume DIR. Answers to steps without a signature are a JSON file:
{"v":1,"kind":"answers","answers":[{"step":"roll-call","by":"NAME","here":["NAME","OTHER"]},{"step":"open-run","by":"NAME","heard":["OTHER"]},
{"step":"clock-check","by":"NAME","values":{"wall-clock":"2026-01-31T09:30Z"}}]}

Example:
  $ custody ceremony run plan.yaml --lock plan.lock.json --policy policy.json --cards cards --out run \\
      --token 'ceremony=pkcs11:serial=1a2b3c?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/root/pin'`,
    )

  withPins(
    group
      .command('resume')
      .argument('<dir>', 'the run’s folder')
      .description(
        'Take the answers of DIR/in/ and go on, also after a crash. A rehearsal’s simulated participants answer by themselves.',
      )
      .option('--token <role=uri>', 'where a token is now', collectToken)
      .option('--medium <dir>', 'folder that Export writes to from now on')
      .option(
        '--after <receipt>',
        'a server’s receipt of the bundle before this one, as long as this one is not built',
        severalOf,
      )
      .option('--answers <file>', 'what people answer to steps that only ask for a word')
      .option('--by <name>', 'who resumes or decides; the administrator by default')
      .option('--decide <what>', 'decide the open exception: retry, continue or abort')
      .option('--reason <text>', 'why it was decided so'),
  ).action((dir: string, options: ResumeOptions) => act(() => resumeCeremony(dir, options)))

  withPins(
    group
      .command('receipt')
      .argument('<dir>', 'the run’s folder')
      .argument('<file>', 'the server’s signed receipt')
      .description(
        'Take the server’s receipt, sign the close-out, destroy the ceremony key and prove it absent.',
      )
      .option('--token <role=uri>', 'where a token is now', collectToken)
      .option('--answers <file>', 'what people answer to steps that only ask for a word')
      .option('--by <name>', 'who resumes; the administrator by default'),
  ).action((dir: string, file: string, options: ResumeOptions) => act(() => takeReceipt(dir, file, options)))

  withPins(
    group
      .command('abort')
      .argument('<dir>', 'the run’s folder')
      .description(
        'End a run that is not exported yet, destroy its ceremony key and prove it absent. Without the token’s PIN the run is over and its key stays: give the command again with it.',
      )
      .requiredOption('--reason <text>', 'why, for the transcript')
      .option('--token <role=uri>', 'where a token is now', collectToken)
      .option('--by <name>', 'who aborts; the administrator by default'),
  ).action((dir: string, options: AbortOptions) => act(() => abortCeremony(dir, options)))

  group
    .command('status')
    .argument('<dir>', 'the run’s folder')
    .description('Show where a run stands; changes nothing and needs no token.')
    .action((dir: string) => act(() => ceremonyStatus(dir)))
}

function withPins(command: Command): Command {
  return command
    .option(
      '--pin-fd <n>',
      'user PIN of the ceremony token from this descriptor, when its URI names no pin-source',
    )
    .option('--pin-file <file>', 'from this file, which must have mode 0600')
    .option('--so-pin-fd <n>', 'SO PIN of the ceremony token from this descriptor')
    .option('--so-pin-file <file>', 'from this file, which must have mode 0600')
}
