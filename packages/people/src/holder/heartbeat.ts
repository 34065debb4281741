import { checkPolicy, type PolicyFile } from '@lux/ceremony/policy'
import { type Heartbeat, heartbeatCodec } from '@lux/ceremony/wire'
import { sha256Hex, toHex } from '@lux/crypto'
import { forgetEnvelope } from '@lux/crypto/fhe'
import { checked, need, type Outcome } from '../outcome.ts'
import { trustedOpening } from '../trusted.ts'
import { wordsOf } from '../words.ts'
import { blocksLeft } from './budgets.ts'
import { checkSharePolicy } from './policy.ts'
import { heldProof, type OpenedShare } from './share-file.ts'

/** A holder's word, over a fresh challenge, that the share is still held. It spends nothing and changes no record. */
export type StatedHeld = {
  /** The signed document. */
  readonly heartbeat: Uint8Array
  readonly said: Heartbeat
  readonly digest: string
  readonly words: readonly string[]
}

/**
 * States that a share is held, after everything about it was checked again. `opening` is of the ceremony that asks, `challenge` its 32
 * random bytes in hex; `previous` the policy under which the share was dealt, where it is older. Refuses HOLDER-POLICY, POLICY-…,
 * OPENING-…, SIGNATURE-…, QUORUM-SHORT, FHE-…, HEARTBEAT-MALFORMED.
 */
export function stateHeld(
  opened: OpenedShare,
  asked: {
    readonly policy: PolicyFile
    readonly previous: PolicyFile | null
    readonly opening: Uint8Array
    readonly challenge: string
    /** ISO-8601 UTC. */
    readonly now: string
  },
): Outcome<StatedHeld> {
  return checked(() => {
    need(checkSharePolicy(opened, asked.policy, asked.previous))
    const { ceremonyId, domain } = need(
      trustedOpening(asked.opening, need(checkPolicy(asked.policy), 'policy')),
    )
    const { key, held, before } = opened
    const { envelope } = need(heldProof(held, key.card.name), 'share')
    try {
      const { header } = envelope.share
      const said = need(
        heartbeatCodec.payload.check({
          v: 1,
          kind: 'heartbeat',
          domain,
          ceremonyId,
          keyId: toHex(header.keyId),
          epochId: toHex(header.epochId),
          holder: header.holder,
          name: envelope.name,
          challenge: asked.challenge,
          shareDigest: sha256Hex(envelope.shareBytes),
          left: blocksLeft(envelope, before.spent),
          time: asked.now,
        }),
      )
      const signatures = [heartbeatCodec.sign(key.identity, said, domain)]
      const digest = heartbeatCodec.payload.digest(said)
      return {
        heartbeat: heartbeatCodec.file.encode({ payload: said, signatures }),
        said,
        digest,
        words: wordsOf(digest),
      }
    } finally {
      forgetEnvelope(envelope)
    }
  })
}
