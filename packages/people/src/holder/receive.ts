import type { Policy } from '@lux/ceremony/policy'
import {
  type Acknowledgement,
  acknowledgementCodec,
  envelopeSignatureCodec,
  signatureContext,
  verifyEnvelope,
} from '@lux/ceremony/wire'
import { openWith, sha256Hex, signWith, wipe } from '@lux/crypto'
import { forgetEnvelope, forgetShare, type ShareEnvelope, verifyShare } from '@lux/crypto/fhe'
import { checked, checkedLater, need, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { trustedOpening } from '../trusted.ts'
import { wordsOf } from '../words.ts'
import { policyBudgets } from './budgets.ts'
import { checkAuthorities, checkDealtUnder } from './policy.ts'
import { withReceived } from './received.ts'
import { holderSeal } from './seal.ts'
import { encodeHeldShare, forgetShareOf, type HeldShare, heldProof, type OpenedShare } from './share-file.ts'
import { encodeState, freshState, lostState } from './state.ts'

export const maxEnvelope = 2 << 20
export const maxPublic = 4 << 20

/** Where a device will store a share, and what its key received before. */
export type Keeping = {
  readonly key: PersonKey
  /** The key's list of received shares, as stored. Null where there is none. */
  readonly received: Uint8Array | null
  /** How the device will find the share again: a path or a name. */
  readonly path: string
  /** True: the share or its record was lost. It then counts as having answered all that it may. */
  readonly lost: boolean
}

/**
 * A share to store, in this order: `share` sealed, then the list, then the record. Without its record a share answers nothing, so a crash
 * at any point leaves no second record to count in. The caller wipes it with `forgetKept`.
 */
export type KeptShare = {
  /** Secret. */
  readonly share: Uint8Array
  readonly received: Uint8Array
  readonly state: Uint8Array
  readonly held: HeldShare
  readonly envelope: ShareEnvelope
}

export type ReceivedFiles = {
  readonly policy: Policy
  readonly opening: Uint8Array
  /** holder-<i>.age, the ceremony key's signature on it, and public.bin. */
  readonly envelope: Uint8Array
  readonly signature: Uint8Array
  readonly pub: Uint8Array
}

/**
 * Checks that an envelope comes from the ceremony that k officers opened. A holder's key opens nothing else. Refuses OPENING-…,
 * SIGNATURE-…, QUORUM-SHORT, ENVELOPE-SIGNATURE-….
 */
export function checkEnvelope({ policy, opening: bytes, envelope, signature }: Omit<ReceivedFiles, 'pub'>) {
  return checked(() => {
    const opening = need(trustedOpening(bytes, policy))
    const parsed = need(envelopeSignatureCodec.parse(signature), 'envelope')
    need(verifyEnvelope(opening.ceremonyKeys, opening.domain, sha256Hex(envelope), parsed), 'envelope')
    return opening
  })
}

/**
 * Checks and opens a share's envelope, and checks the share. The envelope is trusted only through policy, opening certificate and ceremony
 * key. Refuses what `checkEnvelope` refuses, REQUEST-ROLE, REQUEST-DOMAIN, SEAL-…, FHE-…, SHARE-RECEIVED, RECEIVED-OTHER.
 */
export function receiveShare(files: ReceivedFiles, keeping: Keeping): Promise<Outcome<KeptShare>> {
  return checkedLater(async () => {
    const { ceremonyId, policyDigest, domain } = need(checkEnvelope(files))
    const { policy, envelope: sealed, pub } = files
    const content = await openWith(need(holderSeal(keeping.key, domain), 'key'), sealed)
    const held = { content, sealed, pub, ceremonyId, policyDigest }
    return keptWith(held, keeping, { live: true, policy })
  }, 'envelope')
}

/** Checks a share that was opened or assembled, and returns what to store. A refused share is wiped. */
export function keptWith(
  held: HeldShare,
  { key, received, path, lost }: Keeping,
  { live, policy }: { live: boolean; policy: Policy },
): KeptShare {
  let envelope: ShareEnvelope | null = null
  let kept: KeptShare | null = null
  try {
    envelope = need(heldProof(held, key.card.name), 'share').envelope
    need(checkAuthorities(envelope, policy), 'share')
    const budgets = need(policyBudgets(envelope, held.pub, policy))
    const agreed = need(
      verifyShare(envelope.shareBytes, held.pub, budgets === null ? {} : { budgets }),
      'share',
    )
    forgetShare(agreed.share)
    const of = { key, envelope }
    const list = need(withReceived(received, of, { path, lost }))
    const state = encodeState(lost ? lostState(envelope, live) : freshState(live), of)
    kept = { share: encodeHeldShare(held), received: list, state, held, envelope }
    return kept
  } finally {
    if (kept === null) wipe(held.content)
    if (kept === null && envelope !== null) forgetEnvelope(envelope)
  }
}

/** Wipes a stored share from memory. */
export function forgetKept(kept: KeptShare): void {
  wipe(kept.share)
  forgetShareOf(kept)
}

/** A holder's statement that the share is held, made only after checking all of it again. */
type Acknowledged = {
  /** The signed document. */
  readonly acknowledgement: Uint8Array
  readonly digest: string
  readonly words: readonly string[]
  readonly said: Acknowledgement
}

/** Proves that a share is held. Refuses HOLDER-POLICY, FHE-…, ACKNOWLEDGEMENT-…. */
export function acknowledge(
  opened: Pick<OpenedShare, 'key' | 'held' | 'envelope'>,
  policy: Policy,
): Outcome<Acknowledged> {
  return checked(() => {
    need(checkDealtUnder(opened, policy))
    const { key, held } = opened
    const { payload, said, digest } = acknowledgementOf(held, key)
    const signature = signWith(key.identity, signatureContext('acknowledgement', said.domain), payload)
    const acknowledgement = acknowledgementCodec.file.encode({ payload: said, signatures: [signature] })
    return { acknowledgement, digest, words: wordsOf(digest), said }
  })
}

/** What a holder signs to prove a share, and its digest. A share that proves nothing ends the check. */
export function acknowledgementOf(held: HeldShare, { card }: Pick<PersonKey, 'card'>) {
  const { payload, envelope } = need(heldProof(held, card.name), 'share')
  forgetEnvelope(envelope)
  const said = need(acknowledgementCodec.payload.parse(payload))
  return { payload, said, digest: acknowledgementCodec.payload.digest(said) }
}
