import { encodeCanonical, fromBase64, fromHex, parseCanonical, toBase64, wipe } from '@lux/crypto'
import { forgetEnvelope, proveShare, type ShareEnvelope, type ShareProof } from '@lux/crypto/fhe'
import { members } from '../json-members.ts'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { holderSeal } from './seal.ts'
import { type HolderState, parseState } from './state.ts'

export const maxShareFile = 16 << 20

/** A share as its holder stores it. `content` is the secret; the other members bind it. */
export type HeldShare = {
  readonly content: Uint8Array
  /** The sealed file that it came in, or the list of several. */
  readonly sealed: Uint8Array
  readonly pub: Uint8Array
  readonly ceremonyId: string
  readonly policyDigest: string
}

/** A holder's key and stored share, opened and checked again, with what the share has answered. */
export type OpenedShare = {
  readonly key: PersonKey
  readonly held: HeldShare
  readonly envelope: ShareEnvelope
  readonly before: HolderState
}

/** JCS of a held share; the caller seals and wipes it. */
export function encodeHeldShare({ content, sealed, pub, ceremonyId, policyDigest }: HeldShare): Uint8Array {
  return encodeCanonical({
    v: 1,
    kind: 'held-share',
    ceremonyId,
    policyDigest,
    content: toBase64(content),
    sealed: toBase64(sealed),
    public: toBase64(pub),
  })
}

/** Wipes what it reads. Refuses SHARE-FILE-WRONG. */
export function parseHeldShare(plain: Uint8Array): Outcome<HeldShare> {
  const read = checked(() => heldIn(plain), 'share')
  wipe(plain)
  return read.ok ? read : { ...read, rule: 'SHARE-FILE-WRONG', detail: 'it holds no share' }
}

function heldIn(plain: Uint8Array): HeldShare {
  const wrong = (): never => no('SHARE-FILE-WRONG', 'it holds no share', 'share')
  const file = members(parseCanonical(plain, { maxBytes: maxShareFile }))
  const text = (name: string): string => {
    const value = file[name]
    return typeof value === 'string' ? value : wrong()
  }
  if (file.v !== 1 || file.kind !== 'held-share') return wrong()
  return {
    sealed: fromBase64(text('sealed')),
    pub: fromBase64(text('public')),
    ceremonyId: text('ceremonyId'),
    policyDigest: text('policyDigest'),
    // The secret is read last, so that no copy remains where another member is missing.
    content: fromBase64(text('content')),
  }
}

/** Checks all of a share again. The caller forgets the envelope. `payload`: what a holder signs to prove it. Refuses FHE-…. */
export function heldProof(
  { content, sealed, pub, ceremonyId, policyDigest: policy }: HeldShare,
  name: string,
): Outcome<ShareProof> {
  return proveShare({
    envelope: content,
    sealed,
    pub,
    expected: { ceremonyId, name, policyHash: fromHex(policy, 32) },
  })
}

/** The envelope of a stored share, checked again. The caller forgets it. Refuses FHE-…, REQUEST-ROLE, REQUEST-DOMAIN. */
export function openHeldShare(held: HeldShare, key: PersonKey): Outcome<ShareEnvelope> {
  return checked(() => {
    const { envelope } = need(heldProof(held, key.card.name), 'share')
    const seal = holderSeal(key, envelope.share.header.domain)
    if (!seal.ok) forgetEnvelope(envelope)
    need(seal, 'key')
    return envelope
  })
}

/**
 * Opens a stored share with its record. The caller forgets it in any case (`forgetShareOf`). Wipes `share`. Refuses SHARE-FILE-WRONG,
 * HOLDER-STATE-OTHER and what `openHeldShare` refuses.
 */
export function openShare(kept: {
  key: PersonKey
  share: Uint8Array
  state: Uint8Array
}): Outcome<OpenedShare> {
  return checked(() => {
    const { key } = kept
    const held = need(parseHeldShare(kept.share))
    let envelope: ShareEnvelope | null = null
    let opened: OpenedShare | null = null
    try {
      envelope = need(openHeldShare(held, key))
      opened = { key, held, envelope, before: need(parseState(kept.state, { key, envelope })) }
      return opened
    } finally {
      if (opened === null) wipe(held.content)
      if (opened === null && envelope !== null) forgetEnvelope(envelope)
    }
  })
}

/** Wipes an opened share; the key stays. */
export function forgetShareOf({ held, envelope }: Pick<OpenedShare, 'held' | 'envelope'>): void {
  wipe(held.content)
  forgetEnvelope(envelope)
}
