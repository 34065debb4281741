import { dirname, join } from 'node:path'
import { checkPolicy, type Policy, policyDigest } from '@lux/ceremony/policy'
import {
  acknowledgementCodec,
  envelopeSignatureCodec,
  openingCodec,
  signatureContext,
  verifyEnvelope,
} from '@lux/ceremony/wire'
import { openWith, sealWithPassphrase, sha256Hex, signWith, wipe } from '@lux/crypto'
import { forgetShare, verifyShare } from '@lux/crypto/fhe'
import type { Command } from 'commander'
import { CoreError } from '../core/core-error.ts'
import { readBounded } from '../core/store/durable-file.ts'
import { type CommandLine, refused } from './command-line.ts'
import { mustBeNew, readParsed, readPolicy, wordLines, wordsOf, writeNew } from './files.ts'
import { heldProof, holderSeal, policyBudgets } from './held-proof.ts'
import { encodeHeld, parseHeld } from './held-share.ts'
import { registerHolderDecide } from './holder-decide.ts'
import { encodeState, freshState, statePath } from './holder-state.ts'
import { openKeyFile, openSealedFile } from './key-file.ts'
import type { Outcome } from './output.ts'
import { type PassphraseOptions, readPassphrase, withPassphrase } from './secret-input.ts'

type ReceiveOptions = PassphraseOptions & {
  key: string
  policy: string
  out: string
  sig?: string
  opening?: string
  public?: string
}
type ProveOptions = PassphraseOptions & { key: string; out: string }

const maxEnvelope = 2 << 20
const maxPublic = 4 << 20
const maxShareFile = 16 << 20

export function registerHolderShare(group: Command, { act }: CommandLine): void {
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
  withPassphrase(receiveCommand)
    .action((envelope: string, options: ReceiveOptions) => act(() => receive(envelope, options)))
    .addHelpText(
      'after',
      `
Example, with the files laid out as in the run’s folder:
  $ custody holder receive envelopes/holder-1.age --key my.key --policy policy.json --out share-1.sealed`,
    )
  const proveCommand = group
    .command('prove')
    .argument('<share>', 'the file that receive wrote')
    .description('Open the kept share, check it again, and sign that you hold it.')
    .requiredOption('--key <file>', 'your key file')
    .requiredOption('--out <file>', 'the acknowledgement, a new file: put it into the run’s in/')
  withPassphrase(proveCommand)
    .action((share: string, options: ProveOptions) => act(() => prove(share, options)))
    .addHelpText(
      'after',
      `
Example:
  $ custody holder prove share-1.sealed --key my.key --out in/holder-1.json`,
    )
  registerHolderDecide(group, act)
}

/**
 * Believes the envelope only through policy, opening certificate and ceremony key. Errors: POLICY-…, OPENING-POLICY,
 * OPENING-DOMAIN, SIGNATURE-…, QUORUM-SHORT, ENVELOPE-SIGNATURE-INVALID, SEAL-…, FHE-….
 */
export async function receive(path: string, options: ReceiveOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const sealed = readBounded(path, maxEnvelope)
  const folder = dirname(path)
  const policy = believedPolicy(options.policy)
  const opening = believedOpening(options.opening ?? join(folder, '..', 'opening.json'), policy)
  const signature = readParsed(options.sig ?? path.replace(/\.age$/, '.sig'), envelopeSignatureCodec)
  const pub = readBounded(options.public ?? join(folder, '..', 'fhe', 'public.bin'), maxPublic)
  const signed = verifyEnvelope(opening.ceremonyKeys, opening.domain, sha256Hex(sealed), signature)
  if (!signed.ok) throw refused(signed, 'ask for the envelope again; do not use this one')
  const passphrase = await readPassphrase(options, `Passphrase of ${options.key}`)
  const key = await openKeyFile(options.key, passphrase)
  try {
    const content = await openWith(holderSeal(key, options.key, opening.domain), sealed)
    const { envelope } = heldProof(
      { content, sealed, pub, ceremonyId: opening.ceremonyId, policyDigest: opening.policyDigest },
      key,
    )
    const budgets = policyBudgets(envelope, pub, policy)
    const agreed = verifyShare(envelope.shareBytes, pub, budgets === null ? {} : { budgets })
    if (!agreed.ok) throw refused(agreed, 'do not acknowledge it; tell the administrator of the ceremony')
    forgetShare(agreed.value.share)
    const { ceremonyId, policyDigest: digest } = opening
    const plain = encodeHeld({ content, sealed, pub, ceremonyId, policyDigest: digest })
    wipe(content)
    mustBeNew(statePath(options.out))
    writeNew(options.out, await sealWithPassphrase(passphrase, plain), 0o600)
    writeNew(statePath(options.out), encodeState(freshState(), key, envelope), 0o600)
    wipe(plain)
    const { header, budgets: dealt } = envelope.share
    const { requesters, combiners, evaluators } = envelope.authorities
    const json = {
      ok: true,
      share: options.out,
      ceremonyId: opening.ceremonyId,
      name: envelope.name,
      holder: header.holder,
      t: header.t,
      n: header.n,
      domain: header.domain,
      budgets: dealt,
      authorities: {
        requesters: requesters.length,
        combiners: combiners.length,
        evaluators: evaluators.length,
      },
    }
    const lines = [
      `share ${header.holder} of ${header.n}, any ${header.t} decrypt: kept in ${options.out}`,
      `ceremony   ${opening.ceremonyId}, ${header.domain}`,
      `may answer ${dealt.at64} blocks of 64 bits and ${dealt.at128} of 128, over its whole life`,
      `may be asked by ${requesters.length} requesters, answers go to ${combiners.length} combiners`,
      `now prove it: custody holder prove ${options.out} --key ${options.key} --out FILE`,
    ]
    return { exit: 0, json, text: lines.join('\n') }
  } finally {
    key.identity.secret.wipe()
  }
}

/** Errors: SHARE-FILE-WRONG, KEY-PASSPHRASE, FHE-…. */
export async function prove(path: string, options: ProveOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const passphrase = await readPassphrase(options, `Passphrase of ${options.key}`)
  const key = await openKeyFile(options.key, passphrase)
  try {
    const held = parseHeld(await openSealedFile(path, passphrase, maxShareFile), path)
    const { payload, envelope } = heldProof(held, key)
    wipe(held.content)
    const { domain } = envelope.share.header
    holderSeal(key, options.key, domain)
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
  } finally {
    key.identity.secret.wipe()
  }
}

function believedPolicy(path: string): Policy {
  const policy = checkPolicy(readPolicy(path))
  if (!policy.ok) throw refused(policy, 'take the policy again by hand and compare its words')
  return policy.value
}

function believedOpening(path: string, policy: Policy) {
  const document = readParsed(path, openingCodec.file)
  const { payload } = document
  if (payload.policyDigest !== policyDigest(policy))
    throw new CoreError(
      'OPENING-POLICY',
      `${path} is of a ceremony under another policy`,
      'do not take this share',
    )
  if (payload.domain !== policy.domain)
    throw new CoreError('OPENING-DOMAIN', `${path} is of ${payload.domain}`, 'do not take this share')
  const { officers, officerQuorum } = policy
  const signed = openingCodec.verify(document, payload.domain, [
    { role: 'officer', members: officers, quorum: officerQuorum },
  ])
  if (!signed.ok) throw refused(signed, 'do not take this share')
  return payload
}
