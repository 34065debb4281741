import { dirname, join } from 'node:path'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import { readBounded } from '@lux/node-files'
import { checkEnvelope, forgetKept, maxEnvelope, maxPublic, receiveShare } from '@lux/people'
import type { Command } from 'commander'
import { readTrustedPolicy } from '../policy/trusted-policy.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { holderKeyRemedies, keepShare, lostLine, lostOption, namedIn, readReceived } from './share-files.ts'

const maxDocument = 1 << 20

type ReceiveOptions = PassphraseOptions & {
  key: string
  policy: string
  out: string
  sig?: string
  opening?: string
  public?: string
  lost?: boolean
}

export function registerHolderReceive(group: Command, act: CommandLine['act']): void {
  const receiveCommand = group
    .command('receive')
    .argument('<envelope>', 'holder-<i>.age')
    .description('Check and open your share’s envelope, check the share, and keep it sealed.')
    .requiredOption('--key <file>', 'your key file')
    .requiredOption('--policy <file>', 'the policy that you took by hand')
    .requiredOption('--out <share>', 'the share, a new file, sealed under the passphrase of your key')
    .option('--sig <file>', 'the ceremony key’s signature; beside the envelope by default')
    .option('--opening <file>', 'the opening certificate; ../opening.json from the envelope by default')
    .option('--public <file>', 'public.bin; ../fhe/public.bin from the envelope by default')
    .option(...lostOption)
  withPassphrase(receiveCommand)
    .action((envelope: string, options: ReceiveOptions) => act(() => receive(envelope, options)))
    .addHelpText(
      'after',
      `
A key file opens the envelope of a share once, and notes it in <key>.received: a second time gave the share without what it has answered.

Example, with the files laid out as in the run’s folder:
  $ custody holder receive envelopes/holder-1.age --key my.key --policy policy.json --out share-1.sealed`,
    )
}

/**
 * Believes the envelope only through policy, opening certificate and ceremony key. Errors: POLICY-…, OPENING-POLICY,
 * OPENING-DOMAIN, SIGNATURE-…, QUORUM-SHORT, ENVELOPE-SIGNATURE-INVALID, SHARE-RECEIVED, RECEIVED-OTHER, SEAL-…, FHE-….
 */
export async function receive(path: string, options: ReceiveOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const folder = dirname(path)
  const at = {
    opening: options.opening ?? join(folder, '..', 'opening.json'),
    signature: options.sig ?? path.replace(/\.age$/, '.sig'),
    pub: options.public ?? join(folder, '..', 'fhe', 'public.bin'),
  }
  const envelope = readBounded(path, maxEnvelope)
  const files = {
    policy: readTrustedPolicy(options.policy),
    opening: readBounded(at.opening, maxDocument),
    signature: readBounded(at.signature, maxDocument),
    pub: readBounded(at.pub, maxPublic),
    envelope,
  }
  const paths = { opening: at.opening, key: options.key }
  // Before anybody types a passphrase for what came from elsewhere.
  accepted(
    checkEnvelope(files),
    { ...paths, envelope: at.signature },
    { envelope: 'ask for the envelope again; do not use this one' },
  )
  const { key, passphrase } = await openOwnKey(options.key, options)
  try {
    const received = readReceived(options.key)
    const lost = options.lost === true
    const keeping = { key, received: received.list, path: namedIn(options.out), lost }
    const kept = accepted(
      await receiveShare(files, keeping),
      { ...paths, received: received.path },
      holderKeyRemedies,
    )
    try {
      await keepShare(options.out, kept, { keyFile: options.key, passphrase })
      return receivedOutcome(kept.envelope, options)
    } finally {
      forgetKept(kept)
    }
  } finally {
    key.identity.secret.wipe()
  }
}

function receivedOutcome(envelope: ShareEnvelope, { out, key, policy, lost }: ReceiveOptions): Outcome {
  const { header, budgets } = envelope.share
  const { requesters, combiners, evaluators } = envelope.authorities
  const json = {
    ok: true,
    share: out,
    ceremonyId: envelope.ceremonyId,
    name: envelope.name,
    holder: header.holder,
    t: header.t,
    n: header.n,
    domain: header.domain,
    budgets,
    ...(lost === true ? { lost, left: { at64: 0, at128: 0 } } : {}),
    authorities: {
      requesters: requesters.length,
      combiners: combiners.length,
      evaluators: evaluators.length,
    },
  }
  const lines = [
    `share ${header.holder} of ${header.n}, any ${header.t} decrypt: kept in ${out}`,
    `ceremony   ${envelope.ceremonyId}, ${header.domain}`,
    lost === true
      ? lostLine(true)
      : `may answer ${budgets.at64} blocks of 64 bits and ${budgets.at128} of 128, over its whole life`,
    `may be asked by ${requesters.length} requesters, answers go to ${combiners.length} combiners`,
    `now prove it: custody holder prove ${out} --key ${key} --policy ${policy} --out FILE`,
  ]
  return { exit: 0, json, text: lines.join('\n') }
}
