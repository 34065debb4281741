import { join } from 'node:path'
import { authoritiesOf } from '@lux/ceremony/policy'
import {
  cardCodec,
  checkRedealt,
  envelopeSignatureCodec,
  envelopesDigest,
  type Redeal,
  redealCodec,
  verifyEnvelope,
} from '@lux/ceremony/wire'
import { encodeCanonical, fromHex, openWith, sha256Hex, toHex, wipe } from '@lux/crypto'
import { encodeShareEnvelope, forgetEnvelope, nextPublic, nextShare } from '@lux/crypto/fhe'
import { CoreError, readBounded } from '@lux/node-files'
import type { Command } from 'commander'
import { carriedWithin } from '../../core/runs/folder/budgets.ts'
import { correctionName, nextSignatureFile, seedsName } from '../../core/runs/folder/places.ts'
import { heldProof, holderSeal } from '../held-proof.ts'
import { type EpochRun, epochLines, readApprovals, readEpochRun } from '../holder-run.ts'
import { keepShare, lostLine, lostOption } from '../keep-share.ts'
import { type CommandLine, refused } from '../shell/command-line.ts'
import { mustBeNew, readParsed } from '../shell/files.ts'
import { openKeyFile, type PersonKey } from '../shell/key-file.ts'
import { type Outcome, say } from '../shell/output.ts'
import { type PassphraseOptions, readPassphrase, withPassphrase } from '../shell/secret-input.ts'
import { runFolderOf } from './approve-epoch.ts'

type NextOptions = PassphraseOptions & {
  key: string
  policy: string
  run?: string
  out: string
  lost?: boolean
}

const maxFile = 4 << 20

export function registerHolderNext(group: Command, act: CommandLine['act']): void {
  withPassphrase(
    group
      .command('receive-next')
      .argument('<request>', 'out/<seq>-acknowledgement-<i>.json of the run')
      .description(
        'Put your share of the next epoch together out of what all dealers sealed to you, and keep it sealed.',
      )
      .requiredOption('--key <file>', 'your key file')
      .requiredOption('--policy <file>', 'the policy that you took by hand')
      .option('--run <dir>', 'a copy of the run’s folder; the one above the request by default')
      .requiredOption('--out <share>', 'the share, a new file, sealed under the passphrase of your key')
      .option(...lostOption),
  )
    .action((path: string, options: NextOptions) => act(() => receiveNext(path, options)))
    .addHelpText(
      'after',
      `
Believed is only what the opened plan, k officers, as many old holders as decrypt today, every dealer and the ceremony key
signed. Who stays gives the key file that "holder renew" wrote. A wrong seed is refused as FHE-SEED-COMMITMENT with its dealer’s number: that is a complaint, and ends the run.
Until the epoch is live the share answers its canary and nothing else.

Example:
  $ custody holder receive-next run/out/52-acknowledgement-1.json --key my.key --policy policy.json --out share-1.next`,
    )
}

/**
 * Errors: those of `readEpochRun` and `readApprovals`, EPOCH-OTHER, EPOCH-SIGNATURE, FHE-CORRECTION-OTHER,
 * ENVELOPE-SIGNATURE-INVALID, HOLDER-OTHER, HOLDER-RENEWED, SHARE-RECEIVED, RECEIVED-OTHER, SEAL-…, FHE-….
 */
async function receiveNext(path: string, options: NextOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const run = readEpochRun(runFolderOf(path, options.run), options.policy)
  const left = readApprovals(run)
  const dealt = readDealt(run)
  const passphrase = await readPassphrase(options, `Passphrase of ${options.key}`)
  const key = await openKeyFile(options.key, passphrase)
  try {
    const { t, n, oldT, old } = run.terms
    const from = { t: oldT, n: old.length }
    const budgets = carriedWithin(run.policy, { from, to: { t, n }, left, squash: run.squash })
    const { held, envelope } = await assembled(run, dealt, { key, keyPath: options.key, budgets })
    try {
      const lost = options.lost === true
      await keepShare(options.out, held, {
        key,
        keyFile: options.key,
        envelope,
        passphrase,
        live: false,
        lost,
      })
    } finally {
      wipe(held.content)
      forgetEnvelope(envelope)
    }
    for (const line of epochLines(run)) say(line)
    const { holder, epoch } = envelope.share.header
    return {
      exit: 0,
      json: {
        ok: true,
        share: options.out,
        name: envelope.name,
        holder,
        epoch,
        epochId: toHex(envelope.share.header.epochId),
        ...{ t, n },
        domain: run.terms.domain,
        budgets,
        ...(options.lost === true ? { lost: true, left: { at64: 0, at128: 0 } } : {}),
      },
      text: [
        `share ${holder} of ${n} in epoch ${epoch}, any ${t} decrypt: kept in ${options.out}`,
        options.lost === true
          ? lostLine(false)
          : `may answer ${budgets.at64} blocks of 64 bits and ${budgets.at128} of 128, over its whole life`,
        `now prove it: custody holder prove ${options.out} --key ${options.key} --policy ${options.policy} --out FILE`,
      ].join('\n'),
    }
  } finally {
    key.identity.secret.wipe()
  }
}

type Dealt = {
  readonly redeals: readonly Redeal[]
  readonly corrections: readonly Uint8Array[]
  readonly pub: Uint8Array
}

/** What the dealers signed, and the public file that everybody computes from it. */
function readDealt(run: EpochRun): Dealt {
  const { terms, folder } = run
  const place = join(folder, 'fhe', 'redeal')
  const redeals = terms.dealers.map((dealer) => {
    const checked = checkRedealt(terms, readParsed(join(place, `redeal-${dealer}.json`), redealCodec.file))
    if (!checked.ok) throw refused(checked, 'do not take this share; tell the administrator of the ceremony')
    return checked.value
  })
  const corrections = redeals.map(({ dealer, correction }) => {
    const bytes = readBounded(join(place, correctionName(dealer)), maxFile)
    if (sha256Hex(bytes) === correction) return bytes
    throw new CoreError('FHE-CORRECTION-OTHER', `dealer ${dealer} signed another correction`)
  })
  const next = nextPublic({
    pub: run.pub,
    corrections,
    dealers: terms.dealers,
    to: { t: terms.t, n: terms.n },
    planHash: fromHex(terms.planHash, 32),
    roster: terms.roster,
  })
  if (!next.ok) throw refused(next, 'this is a complaint: tell the administrator of the ceremony')
  return { redeals, corrections, pub: next.value.pub }
}

/** Opens what the ceremony key vouches for, checks every seed, and makes the share that its own device keeps. */
async function assembled(
  run: EpochRun,
  { redeals, corrections, pub }: Dealt,
  { key, keyPath, budgets }: { key: PersonKey; keyPath: string; budgets: { at64: number; at128: number } },
) {
  const { terms, opening, folder } = run
  const name = key.card.name
  const seal = holderSeal(key, keyPath, terms.domain)
  const member = terms.roster.find((one) => one.name === name)
  if (member === undefined) throw new CoreError('HOLDER-OTHER', `${name} is no holder of the next epoch`)
  const holder = member.index
  if (cardCodec.digest(key.card) !== member.card)
    throw new CoreError(
      'HOLDER-RENEWED',
      `${keyPath} is of the card ${cardCodec.digest(key.card)}, the next share is sealed to ${member.card}`,
    )
  const sealed = redeals.map(({ dealer, envelopes }) => {
    const bytes = readBounded(join(folder, 'fhe', 'redeal', seedsName(dealer, holder)), maxFile)
    if (sha256Hex(bytes) === envelopes[holder - 1]) return bytes
    throw new CoreError('EPOCH-SIGNATURE', `dealer ${dealer} signed another envelope for ${name}`)
  })
  const digests = sealed.map((bytes) => sha256Hex(bytes))
  const signature = readParsed(join(folder, nextSignatureFile(holder)), envelopeSignatureCodec)
  const signed = verifyEnvelope(opening.ceremonyKeys, terms.domain, envelopesDigest(digests), signature)
  if (!signed.ok) throw refused(signed, 'do not take this share; tell the administrator of the ceremony')
  const seedFiles: Uint8Array[] = []
  let share: Uint8Array | null = null
  try {
    for (const bytes of sealed) seedFiles.push(await openWith(seal, bytes))
    const policyHash = fromHex(opening.policyDigest, 32)
    const next = nextShare({ pub, corrections, seedFiles, holder, policyHash, budgets })
    if (!next.ok)
      throw refused(next, 'this is a complaint: tell all others, the run ends and a retry uses fresh seeds')
    share = next.value
    const { ceremonyId, policyDigest } = opening
    const authorities = authoritiesOf(run.policy)
    const content = encodeShareEnvelope({ ceremonyId, name, authorities, share, pub })
    // In place of one sealed file: the list of those that it came in, so that the acknowledgement names them all.
    const held = { content, sealed: encodeCanonical([...digests]), pub, ceremonyId, policyDigest }
    return { held, envelope: heldProof(held, key).envelope }
  } finally {
    for (const file of seedFiles) wipe(file)
    if (share !== null) wipe(share)
  }
}
