import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  holderBefore,
  holderNext,
  lintRenewals,
  lintRenewedCards,
  type Plan,
  readPlan,
  stayingHolders,
} from '@lux/ceremony/plan'
import type { Policy } from '@lux/ceremony/policy'
import {
  type Card,
  cardCodec,
  checkEpochApprovals,
  type EpochTerms,
  epochApprovalCodec,
  type OpeningCertificate,
  openingCodec,
  type RosterMember,
} from '@lux/ceremony/wire'
import { equalBytes, sha256Hex, toHex } from '@lux/crypto'
import { type Budgets, parsePublic, rosterDigest, type ShareEnvelope } from '@lux/crypto/fhe'
import { CoreError, readBounded } from '@lux/node-files'
import { refusedPlan } from '../core/runs/begin/refused-plan.ts'
import type { HolderState } from './holder-state.ts'
import { believedOpening, believedPolicy } from './policy/trusted-policy.ts'
import { refused } from './shell/command-line.ts'
import { readParsed } from './shell/files.ts'
import { visible } from './shell/safe-text.ts'

const maxPlan = 1 << 20
const maxPublic = 4 << 20

/** A run that moves a key, as a holder's own device reads it from a copy of the run's folder, and what of it is believed. */
export type EpochRun = {
  readonly folder: string
  readonly policy: Policy
  readonly opening: OpeningCertificate
  readonly plan: Plan
  readonly terms: EpochTerms
  /** public.bin of the epoch that is left. */
  readonly pub: Uint8Array
  readonly squash: boolean
  /** The card of a holder of the next epoch. */
  nextCard(name: string): Card
}

/**
 * The opening certificate with k officers of the policy names the plan's hash; plan, people and old public file follow from
 * it, and that who stays has a new envelope key. Errors: POLICY-…, OPENING-…, SIGNATURE-…, QUORUM-SHORT, HOLDER-PLAN,
 * HOLDER-CARD, PLAN-43, FHE-PUBLIC-OTHER, FHE-ROSTER-OTHER.
 */
export function readEpochRun(folder: string, policyPath: string): EpochRun {
  const policy = believedPolicy(policyPath)
  const opening = believedOpening(join(folder, 'opening.json'), policy)
  const read = readPlan(readBounded(join(folder, 'plan.yaml'), maxPlan))
  if (!read.ok) throw refusedPlan(read.refusals)
  const { plan, hash } = read
  if (hash !== opening.planHash)
    throw new CoreError('HOLDER-PLAN', `the officers opened the plan ${opening.planHash}, this is ${hash}`)
  const { fhe, reshare } = plan
  if (fhe === undefined || reshare === undefined)
    throw new CoreError('HOLDER-PLAN', 'the plan moves no threshold key')
  const cardOf = (name: string, digest = '') => readPersonCard(folder, name, digest)
  const nextCard = (name: string) => cardOf(name, holderNext(plan.people, name)?.card)
  const old = fhe.holders.map((name, at) => {
    const { keys } = cardOf(name, holderBefore(plan.people, name)?.card)
    return { name, keys, index: at + 1 }
  })
  checkRenewals(folder, plan)
  const pub = readBounded(join(folder, 'fhe', 'public.bin'), maxPublic)
  const { header, pub128, rosterDigest: roster } = parsePublic(pub)
  const named = fhe.existing
  if (named !== undefined && (sha256Hex(pub) !== named.public || toHex(header.epochId) !== named.epochId))
    throw new CoreError('FHE-PUBLIC-OTHER', 'fhe/public.bin is not the one that the plan names')
  if (
    header.domain !== opening.domain ||
    !equalBytes(rosterDigest(rosterOf(plan, fhe.holders, holderBefore)), roster)
  )
    throw new CoreError('FHE-ROSTER-OTHER', 'fhe/public.bin is of other holders than the plan’s')
  const terms: EpochTerms = {
    domain: opening.domain,
    ceremonyId: opening.ceremonyId,
    planHash: hash,
    keyId: toHex(header.keyId),
    oldEpochId: toHex(header.epochId),
    epoch: header.epoch + 1,
    t: reshare.t,
    n: reshare.n,
    old,
    oldT: header.t,
    roster: rosterOf(plan, reshare.holders, holderNext),
    dealers: reshare.dealers.map((name) => fhe.holders.indexOf(name) + 1),
  }
  return { folder, policy, opening, plan, terms, pub, squash: pub128.length > 0, nextCard }
}

/** That a share is of the epoch that the plan leaves. Errors: HOLDER-EPOCH. */
export function checkOldShare({ terms }: EpochRun, { name, share: { header } }: ShareEnvelope): void {
  const same = toHex(header.keyId) === terms.keyId && toHex(header.epochId) === terms.oldEpochId
  if (!same || terms.old[header.holder - 1]?.name !== name)
    throw new CoreError(
      'HOLDER-EPOCH',
      `the plan moves epoch ${terms.oldEpochId} of the key ${terms.keyId}, the share is of epoch ${toHex(header.epochId)}`,
      'name the share of the epoch that the plan leaves',
    )
}

/** Which run it is, as k officers signed it: one plan can be begun twice, under another ceremony key, id and log. Hex. */
export function openingDigest({ opening }: Pick<EpochRun, 'opening'>): string {
  return openingCodec.payload.digest(opening)
}

/**
 * That no other run was told what is left of this share, though it be of the same plan: each would carry the whole of it, and what a
 * canary of the first costs is counted by `keep` alone. Errors: HOLDER-LEAVING.
 */
export function checkLeaving(
  run: Pick<EpochRun, 'opening'>,
  { leaving }: Pick<HolderState, 'leaving'>,
): void {
  const opened = openingDigest(run)
  if (leaving !== null && leaving !== opened)
    throw new CoreError(
      'HOLDER-LEAVING',
      `you approved that its epoch is left, in the run of the opening ${leaving}; this one’s is ${opened}`,
      'run `custody holder keep` with that run first, once it is aborted',
    )
}

/** What t old holders said is left, by number, null of who was silent. Errors: EPOCH-APPROVALS, EPOCH-OTHER, EPOCH-SIGNATURE. */
export function readApprovals({ folder, terms }: EpochRun): (Budgets | null)[] {
  const paths = terms.old
    .map((_, at) => join(folder, 'fhe', 'redeal', `approval-${at + 1}.json`))
    .filter((path) => existsSync(path))
  const documents = paths.map((path) => readParsed(path, epochApprovalCodec.file))
  const checked = checkEpochApprovals(terms, documents)
  if (!checked.ok) throw refused(checked, 'do nothing for this epoch; tell the administrator of the ceremony')
  return checked.value
}

/** What the plan does to the key, to read before anything is signed. */
export function epochLines({ plan, terms, opening }: EpochRun): string[] {
  const { kind = 'reshare', holders = [], dealers = [] } = plan.reshare ?? {}
  const staying = stayingHolders(plan.fhe?.holders ?? [], holders)
  return [
    `${kind}: ${plan.title}`,
    `ceremony   ${opening.ceremonyId}, ${opening.domain}; plan ${terms.planHash}`,
    `opening    ${openingDigest({ opening })}`,
    `key        ${terms.keyId}, epoch ${terms.epoch - 1} is left`,
    `next       any ${terms.t} of ${terms.n}: ${holders.join(', ')}`,
    `dealt by   ${dealers.join(', ')}`,
    ...(staying.length === 0
      ? []
      : [`envelopes  ${staying.join(', ')} stay, each with an envelope key made for epoch ${terms.epoch}`]),
  ].map(visible)
}

/** No dealer seals a next share to a key that opens an old one, and nobody takes such a share. Errors: PLAN-43, HOLDER-CARD. */
function checkRenewals(folder: string, plan: Plan): void {
  const nameOf = (digest: string) => plan.people.find(({ card }) => card === digest)?.name ?? ''
  const kept = lintRenewals(plan)
  const refusals =
    kept.length > 0
      ? kept
      : lintRenewedCards(plan, (digest) => readPersonCard(folder, nameOf(digest), digest))
  if (refusals.length > 0) throw refusedPlan(refusals)
}

function rosterOf(plan: Plan, names: readonly string[], seatOf: typeof holderBefore): RosterMember[] {
  return names.map((name, at) => ({ index: at + 1, name, card: seatOf(plan.people, name)?.card ?? '' }))
}

function readPersonCard(folder: string, name: string, digest: string): Card {
  const path = join(folder, 'cards', `${digest}.json`)
  const card = readParsed(path, cardCodec)
  if (cardCodec.digest(card) !== digest || card.kind !== 'holder' || card.name !== name)
    throw new CoreError('HOLDER-CARD', `${path} is not the card of ${name} that the plan names`)
  return card
}
