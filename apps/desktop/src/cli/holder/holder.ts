import { acknowledge } from '@lux/people'
import type { Command } from 'commander'
import { readTrustedPolicy } from '../policy/trusted-policy.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, wordLines, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { registerHolderApprove } from './approve.ts'
import { registerHolderEpoch } from './approve-epoch.ts'
import { registerHolderHeartbeat } from './heartbeat.ts'
import { registerHolderLive } from './live.ts'
import { registerHolderReceive } from './receive.ts'
import { registerHolderNext } from './receive-next.ts'
import { registerHolderRedeal } from './redeal.ts'
import { registerHolderRefuse } from './refuse.ts'
import { registerHolderRenew } from './renew.ts'
import { type ShareOptions, withLocked } from './share-files.ts'

/** A share’s whole life on files. */
export function registerHolderShare(group: Command, { act }: CommandLine): void {
  registerHolderReceive(group, act)
  registerHolderProve(group, act)
  registerHolderApprove(group, act)
  registerHolderRefuse(group, act)
  registerHolderRenew(group, act)
  registerHolderEpoch(group, act)
  registerHolderRedeal(group, act)
  registerHolderNext(group, act)
  registerHolderLive(group, act)
  registerHolderHeartbeat(group, act)
}

type ProveOptions = PassphraseOptions & { key: string; policy: string; out: string }

function registerHolderProve(group: Command, act: CommandLine['act']): void {
  withPassphrase(
    group
      .command('prove')
      .argument('<share>', 'the file that receive or receive-next wrote')
      .description('Open the kept share, check it again, and sign that you hold it.')
      .requiredOption('--key <file>', 'your key file')
      .requiredOption('--policy <file>', 'the policy that you took by hand')
      .requiredOption('--out <file>', 'the acknowledgement, a new file: put it into the run’s in/'),
  )
    .action((share: string, options: ProveOptions) => act(() => prove({ ...options, share })))
    .addHelpText(
      'after',
      `
Example:
  $ custody holder prove share-1.sealed --key my.key --policy policy.json --out in/holder-1.json`,
    )
}

/** Errors: POLICY-…, SHARE-FILE-WRONG, KEY-PASSPHRASE, HOLDER-STATE-…, HOLDER-POLICY, FHE-…. */
export async function prove(options: ShareOptions & ProveOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const policy = readTrustedPolicy(options.policy)
  return withLocked(options, (opened) => {
    const { acknowledgement, said, digest, words } = accepted(acknowledge(opened, policy))
    writeNew(options.out, acknowledgement)
    const json = { ok: true, acknowledgement: options.out, ...said, digest, words }
    const text = [
      `${said.name} holds share ${said.holder}: ${options.out}`,
      `digest     ${digest}`,
      ...wordLines(words),
    ]
    return { exit: 0, json, text: text.join('\n') }
  })
}
