import {
  holderBefore,
  holderNext,
  lintRenewals,
  lintRenewedCards,
  type Plan,
  type PlanRefusal,
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
import { checked, need, no, type Outcome } from '../outcome.ts'
import { type Told, told } from '../told.ts'
import { trustedOpening } from '../trusted.ts'
import type { HolderState } from './state.ts'

/** A copy of the folder of a run that moves a key. */
type EpochRunFiles = {
  /** opening.json, plan.yaml, and fhe/public.bin of the old epoch. */
  readonly opening: Uint8Array
  readonly plan: Uint8Array
  readonly pub: Uint8Array
  /** cards/<digest>.json, null where it is not there. */
  card(digest: string): Uint8Array | null
  /** Stand-ins, where a reviewed plan is rehearsed. A production run has none. */
  readonly simulated?: Simulated
}

export type Simulated = {
  /** The stand-in's card digest, by that of the listed card. */
  readonly cards: ReadonlyMap<string, string>
  /** The stand-in for the plan's epoch. Null where the plan names none. */
  readonly epoch: { readonly epochId: string; readonly public: string } | null
}

/** A run that moves a key, with only those parts that a holder's device checked. */
export type EpochRun = {
  readonly policy: Policy
  readonly opening: OpeningCertificate
  readonly plan: Plan
  readonly terms: EpochTerms
  /** public.bin of the old epoch. */
  readonly pub: Uint8Array
  readonly squash: boolean
  /** The card of a holder of the next epoch. */
  nextCard(name: string): Card
}

/**
 * Checks a run's files. The opening certificate, signed by k officers of the policy, names the plan's hash. Plan, people and old public
 * file follow from it, and each holder who stays has a new envelope key. Refuses OPENING-…, SIGNATURE-…, QUORUM-SHORT, PLAN-…, HOLDER-PLAN,
 * HOLDER-CARD, PLAN-43, FHE-PUBLIC-OTHER, FHE-ROSTER-OTHER.
 */
export function checkEpochRun(policy: Policy, files: EpochRunFiles): Outcome<EpochRun> {
  return checked(() => {
    const opening = need(trustedOpening(files.opening, policy))
    const read = readPlan(files.plan)
    if (!read.ok) return noPlan(read.refusals)
    const { hash } = read
    if (hash !== opening.planHash)
      no('HOLDER-PLAN', `the officers opened the plan ${opening.planHash}, this is ${hash}`, 'plan')
    const simulated = files.simulated ?? null
    if (simulated !== null && opening.domain !== 'rehearsal')
      no('HOLDER-PLAN', 'nobody stands for another in production', 'plan')
    const plan = simulated === null ? read.plan : playedBy(read.plan, simulated)
    const { fhe, reshare } = plan
    if (fhe === undefined || reshare === undefined)
      return no('HOLDER-PLAN', 'the plan moves no threshold key', 'plan')
    const cardOf = (name: string, digest = '') => personCard(files, name, digest)
    const nextCard = (name: string) => cardOf(name, holderNext(plan.people, name)?.card)
    const old = fhe.holders.map((name, at) => {
      const { keys } = cardOf(name, holderBefore(plan.people, name)?.card)
      return { name, keys, index: at + 1 }
    })
    mustRenew(files, plan)
    const { pub } = files
    const { header, pub128, rosterDigest: roster } = parsePublic(pub)
    const named = fhe.existing === undefined ? undefined : (simulated?.epoch ?? fhe.existing)
    if (named !== undefined && (sha256Hex(pub) !== named.public || toHex(header.epochId) !== named.epochId))
      no('FHE-PUBLIC-OTHER', 'fhe/public.bin is not the one that the plan names', 'public')
    if (
      header.domain !== opening.domain ||
      !equalBytes(rosterDigest(rosterOf(plan, fhe.holders, holderBefore)), roster)
    )
      no('FHE-ROSTER-OTHER', 'fhe/public.bin is of other holders than the plan’s', 'public')
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
    return { policy, opening, plan, terms, pub, squash: pub128.length > 0, nextCard }
  }, 'public')
}

/** The plan with the stand-ins' cards in place of the listed ones. */
function playedBy(plan: Plan, { cards }: Simulated): Plan {
  return { ...plan, people: plan.people.map((one) => ({ ...one, card: cards.get(one.card) ?? one.card })) }
}

/** Checks that a share is of the plan's old epoch. Refuses HOLDER-EPOCH. */
export function checkOldShare(
  { terms }: Pick<EpochRun, 'terms'>,
  { name, share: { header } }: ShareEnvelope,
): Outcome<null> {
  return checked(() => {
    const same = toHex(header.keyId) === terms.keyId && toHex(header.epochId) === terms.oldEpochId
    return same && terms.old[header.holder - 1]?.name === name
      ? null
      : no(
          'HOLDER-EPOCH',
          `the plan moves epoch ${terms.oldEpochId} of the key ${terms.keyId}, the share is of epoch ${toHex(header.epochId)}`,
        )
  })
}

/** The digest of the opening, hex, which names the run. One plan can be begun twice, under another ceremony key, id and log. */
export function openingDigest({ opening }: Pick<EpochRun, 'opening'>): string {
  return openingCodec.payload.digest(opening)
}

/**
 * Checks that this share's remaining budget was told to no other run, not even one of the same plan. Each run would carry the whole of it.
 * Only `keepAfterAbort` counts what the first run's canary cost. Refuses HOLDER-LEAVING.
 */
export function checkLeaving(
  run: Pick<EpochRun, 'opening'>,
  { leaving }: Pick<HolderState, 'leaving'>,
): Outcome<null> {
  return checked(() => {
    const opened = openingDigest(run)
    return leaving === null || leaving === opened
      ? null
      : no(
          'HOLDER-LEAVING',
          `you approved that its epoch is left, in the run of the opening ${leaving}; this one’s is ${opened}`,
        )
  })
}

/**
 * The remaining budgets that t old holders stated, by number; null for those who were silent. Refuses EPOCH-APPROVALS, EPOCH-OTHER,
 * EPOCH-SIGNATURE.
 */
export function checkApprovals(
  { terms }: Pick<EpochRun, 'terms'>,
  approvals: readonly Uint8Array[],
): Outcome<(Budgets | null)[]> {
  return checked(() => {
    const documents = approvals.map((bytes) => need(epochApprovalCodec.file.parse(bytes), 'approval'))
    return need(checkEpochApprovals(terms, documents), 'approval')
  })
}

/** What the plan does to the key, for people to read before they sign. Raw text: whoever shows it makes it safe. */
export function epochLines({ plan, terms, opening }: Pick<EpochRun, 'plan' | 'terms' | 'opening'>): Told[] {
  const { kind = 'reshare', holders = [], dealers = [] } = plan.reshare ?? {}
  const staying = stayingHolders(plan.fhe?.holders ?? [], holders)
  const { ceremonyId, domain } = opening
  const { planHash, keyId, epoch, t, n } = terms
  const digest = openingDigest({ opening })
  const [next, by, stay] = [holders, dealers, staying].map((names) => names.join(', '))
  return [
    told(`epoch-${kind}`, `${kind}: ${plan.title}`, { title: plan.title }),
    told('epoch-next', `next       any ${t} of ${n}: ${next}`, { t, n, names: next ?? '' }),
    told('epoch-dealers', `dealt by   ${by}`, { names: by ?? '' }),
    ...(staying.length === 0
      ? []
      : [
          told(
            'epoch-envelopes',
            `envelopes  ${stay} stay, each with an envelope key made for epoch ${epoch}`,
            { names: stay ?? '', epoch },
          ),
        ]),
    told('epoch-key', `key        ${keyId}, epoch ${epoch - 1} is left`, { key: keyId, epoch: epoch - 1 }),
    told(`epoch-ceremony-${domain}`, `ceremony   ${ceremonyId}, ${domain}; plan ${planHash}`, {
      ceremony: ceremonyId,
      plan: planHash,
    }),
    told('epoch-opening', `opening    ${digest}`, { digest }),
  ]
}

/** A next share must not be sealed to a key that opens an old one. */
function mustRenew(files: EpochRunFiles, plan: Plan): void {
  const nameOf = (digest: string) => plan.people.find(({ card }) => card === digest)?.name ?? ''
  const kept = lintRenewals(plan)
  const refusals =
    kept.length > 0 ? kept : lintRenewedCards(plan, (digest) => personCard(files, nameOf(digest), digest))
  if (refusals.length > 0) noPlan(refusals)
}

/** All of a plan's refusals as one, under the rule of the first. */
function noPlan(refusals: readonly PlanRefusal[]): never {
  const lines = refusals.map(({ rule, step, detail }, index) => {
    const place = step === '' ? '' : `${step}: `
    return index === 0 ? `${place}${detail}` : `${rule}: ${place}${detail}`
  })
  return no(refusals[0]?.rule ?? 'PLAN-01', lines.join('\n'), 'plan')
}

function rosterOf(plan: Plan, names: readonly string[], seatOf: typeof holderBefore): RosterMember[] {
  return names.map((name, at) => ({ index: at + 1, name, card: seatOf(plan.people, name)?.card ?? '' }))
}

function personCard(files: EpochRunFiles, name: string, digest: string): Card {
  const wrong = (): never =>
    no('HOLDER-CARD', `cards/${digest}.json is not the card of ${name} that the plan names`, 'card')
  const bytes = files.card(digest)
  if (bytes === null) return wrong()
  const card = need(cardCodec.parse(bytes), 'card')
  return cardCodec.digest(card) === digest && card.kind === 'holder' && card.name === name ? card : wrong()
}
