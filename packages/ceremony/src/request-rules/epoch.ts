import { encodeCanonical, identityId, sha256Hex, type VerificationKeys, verifySignature } from '@lux/crypto'
import { signatureContext } from '../documents/format/context.ts'
import type { Signed } from '../documents/format/document.ts'
import type { Domain } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import {
  type EpochApproval,
  type EpochLive,
  epochApprovalCodec,
  epochLiveCodec,
  type Redeal,
  redealCodec,
} from '../documents/threshold/epoch.ts'

export type RosterMember = { readonly index: number; readonly name: string; readonly card: string }

/** A next epoch as the opened plan and the old public file describe it: what every document about it must say. */
export type EpochTerms = {
  readonly domain: Domain
  readonly ceremonyId: string
  readonly planHash: string
  readonly keyId: string
  readonly oldEpochId: string
  /** Number of the next epoch. */
  readonly epoch: number
  readonly t: number
  readonly n: number
  /** Holders of the old epoch by number, from 1, and how many of them have to approve. */
  readonly old: readonly { readonly name: string; readonly keys: VerificationKeys }[]
  readonly oldT: number
  readonly roster: readonly RosterMember[]
  /** Numbers of the old holders that re-deal, ascending. */
  readonly dealers: readonly number[]
}

type Left = EpochApproval['left']

/** The approval that a holder of the old epoch signs. */
export function epochApprovalOf(terms: EpochTerms, holder: number, name: string, left: Left): EpochApproval {
  const { domain, ceremonyId, planHash, keyId, oldEpochId, epoch, t, n } = terms
  return {
    v: 1,
    kind: 'epoch-approval',
    domain,
    ceremonyId,
    planHash,
    keyId,
    oldEpochId,
    epoch,
    t,
    n,
    roster: rosterOf(terms),
    dealerMask: terms.dealers.reduce((mask, dealer) => mask | (1 << (dealer - 1)), 0),
    holder,
    name,
    left: { ...left },
  }
}

/**
 * Whether t holders of the old epoch let the key move to exactly these people, dealers and quorum. Gives what each old
 * holder said is left, by number, null for one who said nothing. Refuses EPOCH-OTHER, EPOCH-SIGNATURE, EPOCH-APPROVALS.
 */
export function checkEpochApprovals(
  terms: EpochTerms,
  documents: readonly Signed<EpochApproval>[],
): Outcome<(Left | null)[]> {
  const left: (Left | null)[] = terms.old.map(() => null)
  for (const document of documents) {
    const said = document.payload
    const member = terms.old[said.holder - 1]
    const expected = epochApprovalOf(terms, said.holder, said.name, said.left)
    const same = sha256Hex(encodeCanonical(expected)) === epochApprovalCodec.payload.digest(said)
    if (!same || member?.name !== said.name || left[said.holder - 1] !== null)
      return refuse('EPOCH-OTHER', `${said.name} approves another epoch, or twice`)
    const signed = epochApprovalCodec.verify(document, terms.domain, [holderGroup(member)])
    if (!signed.ok) return refuse('EPOCH-SIGNATURE', `the approval of ${said.name}: ${signed.detail}`)
    left[said.holder - 1] = said.left
  }
  return documents.length >= terms.oldT
    ? accept(left)
    : refuse('EPOCH-APPROVALS', `${documents.length} of ${terms.oldT} holders of the old epoch have approved`)
}

/** Whether a dealer of the plan dealt this for this epoch. Refuses EPOCH-OTHER, EPOCH-SIGNATURE. */
export function checkRedealt(terms: EpochTerms, document: Signed<Redeal>): Outcome<Redeal> {
  const said = document.payload
  const member = terms.old[said.dealer - 1]
  const fits =
    sameEpoch(terms, said) &&
    said.t === terms.t &&
    said.n === terms.n &&
    said.envelopes.length === terms.n &&
    terms.dealers.includes(said.dealer) &&
    member?.name === said.name
  if (!fits || member === undefined)
    return refuse('EPOCH-OTHER', `${said.name} dealt for another epoch, plan or quorum`)
  const signed = redealCodec.verify(document, terms.domain, [holderGroup(member)])
  return signed.ok ? accept(said) : refuse('EPOCH-SIGNATURE', `what ${said.name} dealt: ${signed.detail}`)
}

/**
 * "Epoch n live, n of n proved", by the ceremony key and by nobody else: only then may an old share be wiped and a new
 * one answer. Refuses EPOCH-OTHER, EPOCH-SIGNATURE.
 */
export function checkEpochLive(
  terms: EpochTerms,
  document: Signed<EpochLive>,
  ceremonyKeys: VerificationKeys,
): Outcome<EpochLive> {
  const { payload: said, signatures } = document
  const fits =
    sameEpoch(terms, said) &&
    said.epoch === terms.epoch &&
    said.t === terms.t &&
    said.n === terms.n &&
    said.acknowledgements.length === terms.n
  if (!fits) return refuse('EPOCH-OTHER', 'another epoch was declared live')
  const [signature] = signatures
  if (signature === undefined || signatures.length > 1 || signature.signer !== identityId(ceremonyKeys))
    return refuse('EPOCH-SIGNATURE', 'the ceremony key alone declares an epoch live')
  const context = signatureContext('epoch-live', terms.domain)
  const verdict = verifySignature(ceremonyKeys, context, epochLiveCodec.signedBytes(said), signature)
  return verdict.ok ? accept(said) : refuse('EPOCH-SIGNATURE', verdict.detail)
}

function rosterOf({ roster }: EpochTerms): string {
  return sha256Hex(encodeCanonical(roster.map(({ index, name, card }) => ({ index, name, card }))))
}

function holderGroup(member: EpochTerms['old'][number]) {
  return { role: 'holder', members: [member], quorum: 1 }
}

type Said = { domain: string; ceremonyId: string; planHash: string; keyId: string; oldEpochId: string }

function sameEpoch(terms: EpochTerms, said: Said): boolean {
  return (
    said.domain === terms.domain &&
    said.ceremonyId === terms.ceremonyId &&
    said.planHash === terms.planHash &&
    said.keyId === terms.keyId &&
    said.oldEpochId === terms.oldEpochId
  )
}
