import { acknowledgementCodec, signatureContext } from '@lux/ceremony/wire'
import { signWith } from '@lux/crypto'
import { forgetEnvelope } from '@lux/crypto/fhe'
import type { Command } from 'commander'
import { heldProof } from '../held-proof.ts'
import { type ShareOptions, withLocked } from '../holder-opened.ts'
import { believedPolicy } from '../policy/trusted-policy.ts'
import { checkDealtUnder } from '../share-policy.ts'
import { type CommandLine, refused } from '../shell/command-line.ts'
import { mustBeNew, wordLines, wordsOf, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'

type ProveOptions = PassphraseOptions & { key: string; policy: string; out: string }

export function registerHolderProve(group: Command, act: CommandLine['act']): void {
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
  const policy = believedPolicy(options.policy)
  return withLocked(options, (opened) => {
    const { key, held } = opened
    checkDealtUnder(opened, policy)
    const { payload, envelope } = heldProof(held, key)
    forgetEnvelope(envelope)
    const { domain } = envelope.share.header
    const parsed = acknowledgementCodec.payload.parse(payload)
    if (!parsed.ok) throw refused(parsed)
    const signature = signWith(key.identity, signatureContext('acknowledgement', domain), payload)
    writeNew(
      options.out,
      acknowledgementCodec.file.encode({ payload: parsed.value, signatures: [signature] }),
    )
    const digest = acknowledgementCodec.payload.digest(parsed.value)
    const words = wordsOf(digest)
    const json = { ok: true, acknowledgement: options.out, ...parsed.value, digest, words }
    const text = [
      `${envelope.name} holds share ${parsed.value.holder}: ${options.out}`,
      `digest     ${digest}`,
      ...wordLines(words),
    ]
    return { exit: 0, json, text: text.join('\n') }
  })
}
