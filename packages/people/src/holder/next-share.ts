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
import { encodeCanonical, fromHex, openWith, sha256Hex, wipe } from '@lux/crypto'
import { type Budgets, encodeShareEnvelope, nextPublic, nextShare as nextShareOf } from '@lux/crypto/fhe'
import { checked, checkedLater, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { carriedWithin } from './budgets.ts'
import { checkApprovals, type EpochRun } from './epoch-run.ts'
import { type Keeping, type KeptShare, keptWith } from './receive.ts'
import { holderSeal } from './seal.ts'
import type { HeldShare } from './share-file.ts'

/** The largest dealing file of a next epoch, in bytes. */
export const maxDealt = 4 << 20

/** The dealers' signed statements, and the public file that anybody can compute from them. */
export type Dealt = {
  readonly redeals: readonly Redeal[]
  readonly corrections: readonly Uint8Array[]
  readonly pub: Uint8Array
}

/** `redeals` and `corrections` by dealer, in the order of the plan. Refuses REDEAL-…, EPOCH-OTHER, EPOCH-SIGNATURE, FHE-…. */
export function checkDealt(
  run: EpochRun,
  files: { redeals: readonly Uint8Array[]; corrections: readonly Uint8Array[] },
): Outcome<Dealt> {
  return checked(() => {
    const { terms } = run
    const redeals = files.redeals.map((bytes) =>
      need(checkRedealt(terms, need(redealCodec.file.parse(bytes), 'redeal')), 'redeal'),
    )
    const all = terms.dealers.every((dealer, at) => redeals[at]?.dealer === dealer)
    if (!all || redeals.length !== terms.dealers.length)
      no('EPOCH-OTHER', `dealt by ${redeals.map(({ dealer }) => dealer).join(', ')}`, 'redeal')
    const corrections = redeals.map(({ dealer, correction }, at) => {
      const bytes = files.corrections[at]
      if (bytes !== undefined && sha256Hex(bytes) === correction) return bytes
      return no('FHE-CORRECTION-OTHER', `dealer ${dealer} signed another correction`, 'correction')
    })
    const next = need(
      nextPublic({
        pub: run.pub,
        corrections,
        dealers: terms.dealers,
        to: { t: terms.t, n: terms.n },
        planHash: fromHex(terms.planHash, 32),
        roster: terms.roster,
      }),
      'correction',
    )
    return { redeals, corrections, pub: next.pub }
  }, 'correction')
}

export type NextFiles = {
  /** Of the old holders. */
  readonly approvals: readonly Uint8Array[]
  /** By dealer, in the order of the plan. */
  readonly redeals: readonly Uint8Array[]
  readonly corrections: readonly Uint8Array[]
  /** Each dealer's sealed file for this holder. */
  readonly seeds: readonly Uint8Array[]
  /** The ceremony key's signature on all of them. */
  readonly signature: Uint8Array
}

type NextKept = KeptShare & { readonly budgets: Budgets }

/**
 * Assembles a share of the next epoch from what all dealers sealed to its holder. Until the epoch is live it answers only its canary. A
 * wrong seed names its dealer: that is a complaint, and ends the run. Refuses what `checkApprovals` and `checkDealt` refuse, HOLDER-OTHER,
 * HOLDER-RENEWED, EPOCH-SIGNATURE, ENVELOPE-SIGNATURE-…, SEAL-…, FHE-…, SHARE-RECEIVED, RECEIVED-OTHER.
 */
export function nextShare(run: EpochRun, files: NextFiles, keeping: Keeping): Promise<Outcome<NextKept>> {
  return checkedLater(async () => {
    const left = need(checkApprovals(run, files.approvals))
    const dealt = need(checkDealt(run, files))
    const { t, n, oldT, old } = run.terms
    const from = { t: oldT, n: old.length }
    const budgets = carriedWithin(run.policy, { from, to: { t, n }, left, squash: run.squash })
    const held = await assembled(run, dealt, files, keeping.key, budgets)
    return { ...keptWith(held, keeping, { live: false, policy: run.policy }), budgets }
  }, 'seeds')
}

/** A person's number among the next epoch's holders. Refuses HOLDER-OTHER. */
export function nextHolder({ terms }: Pick<EpochRun, 'terms'>, name: string): Outcome<number> {
  const index = terms.roster.find((one) => one.name === name)?.index
  return checked(() => index ?? no('HOLDER-OTHER', `${name} is no holder of the next epoch`))
}

/** Opens the files that the ceremony key signed, checks every seed, and makes the share. */
async function assembled(
  run: EpochRun,
  { redeals, corrections, pub }: Dealt,
  { seeds, signature }: NextFiles,
  key: PersonKey,
  budgets: Budgets,
): Promise<HeldShare> {
  const { terms, opening } = run
  const { name } = key.card
  const seal = need(holderSeal(key, terms.domain), 'key')
  const holder = need(nextHolder(run, name))
  const member = terms.roster[holder - 1]
  if (cardCodec.digest(key.card) !== member?.card)
    no(
      'HOLDER-RENEWED',
      `the key is of the card ${cardCodec.digest(key.card)}, the next share is sealed to ${member?.card}`,
      'key',
    )
  const sealed = redeals.map(({ dealer, envelopes }, at) => {
    const bytes = seeds[at]
    if (bytes !== undefined && sha256Hex(bytes) === envelopes[holder - 1]) return bytes
    return no('EPOCH-SIGNATURE', `dealer ${dealer} signed another envelope for ${name}`, 'seeds')
  })
  const digests = sealed.map((bytes) => sha256Hex(bytes))
  const signed = need(envelopeSignatureCodec.parse(signature), 'envelope')
  need(verifyEnvelope(opening.ceremonyKeys, terms.domain, envelopesDigest(digests), signed), 'envelope')
  const seedFiles: Uint8Array[] = []
  let share: Uint8Array | null = null
  try {
    for (const bytes of sealed) seedFiles.push(await openWith(seal, bytes))
    const policyHash = fromHex(opening.policyDigest, 32)
    share = need(nextShareOf({ pub, corrections, seedFiles, holder, policyHash, budgets }), 'seeds')
    const { ceremonyId, policyDigest } = opening
    const authorities = authoritiesOf(run.policy)
    const content = encodeShareEnvelope({ ceremonyId, name, authorities, share, pub })
    // A list of the sealed files, in place of a single one, so that the acknowledgement names them all.
    return { content, sealed: encodeCanonical([...digests]), pub, ceremonyId, policyDigest }
  } finally {
    for (const file of seedFiles) wipe(file)
    if (share !== null) wipe(share)
  }
}
