import { checkPolicy, type PolicyFile } from '@lux/ceremony/policy'
import { type Heartbeat, heartbeatCodec } from '@lux/ceremony/wire'
import { sha256Hex, toHex } from '@lux/crypto'
import { forgetEnvelope } from '@lux/crypto/fhe'
import { checked, need, no, type Outcome } from '../outcome.ts'
import { trustedOpening } from '../trusted.ts'
import { wordsOf } from '../words.ts'
import { blocksLeft } from './budgets.ts'
import type { HeartbeatRequest } from './heartbeat-request.ts'
import { checkSharePolicy } from './policy.ts'
import { heldProof, type OpenedShare } from './share-file.ts'

/**
 * A holder's statement, over a fresh challenge, that the share is still held. All checks passed. It spends nothing and changes no record.
 */
type StatedHeld = {
  readonly said: Heartbeat
  readonly digest: string
  readonly words: readonly string[]
  /** After the yes: the signed document. */
  sign(): Uint8Array
}

/**
 * States that a share is held, after checking all of it again. `opening`: of the ceremony that asks. `previous`: the policy under which the
 * share was dealt, where it is older. Refuses REQUEST-DOMAIN, HEARTBEAT-OTHER where another share or ceremony is asked for, HOLDER-LEAVING
 * where its holder approved the next epoch; HOLDER-POLICY, POLICY-…, OPENING-…, SIGNATURE-…, QUORUM-SHORT, FHE-…, HEARTBEAT-MALFORMED.
 */
export function stateHeld(
  opened: OpenedShare,
  asked: {
    readonly request: HeartbeatRequest
    readonly policy: PolicyFile
    readonly previous: PolicyFile | null
    readonly opening: Uint8Array
    /** ISO-8601 UTC. */
    readonly now: string
  },
): Outcome<StatedHeld> {
  return checked(() => {
    const { request } = asked
    mustBeAsked(opened, request)
    need(checkSharePolicy(opened, asked.policy, asked.previous))
    const { ceremonyId, domain } = need(
      trustedOpening(asked.opening, need(checkPolicy(asked.policy), 'policy')),
    )
    if (ceremonyId !== request.ceremonyId)
      no('HEARTBEAT-OTHER', `the opening is of the ceremony ${ceremonyId}`, 'opening')
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
          challenge: request.challenge,
          shareDigest: sha256Hex(envelope.shareBytes),
          left: blocksLeft(envelope, before.spent),
          time: asked.now,
        }),
      )
      const digest = heartbeatCodec.payload.digest(said)
      return {
        said,
        digest,
        words: wordsOf(digest),
        sign: () =>
          heartbeatCodec.file.encode({
            payload: said,
            signatures: [heartbeatCodec.sign(key.identity, said, domain)],
          }),
      }
    } finally {
      forgetEnvelope(envelope)
    }
  })
}

/** Checks that a request is for this very share, and that its holder has not approved the next epoch. */
function mustBeAsked({ envelope, before }: OpenedShare, { domain, keyId, epochId }: HeartbeatRequest): void {
  const { header } = envelope.share
  if (domain !== header.domain) no('REQUEST-DOMAIN', `the share is of ${header.domain}`, 'request')
  if (keyId !== toHex(header.keyId)) no('HEARTBEAT-OTHER', 'it asks for another key', 'request')
  if (epochId !== toHex(header.epochId))
    no('HEARTBEAT-OTHER', `it asks for another epoch than ${header.epoch}`, 'request')
  if (before.leaving !== null)
    no('HOLDER-LEAVING', 'this share was approved away, and states nothing more', 'share')
}
