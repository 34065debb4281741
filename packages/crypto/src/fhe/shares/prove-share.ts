import { encodeCanonical } from '../../canonical-json.ts'
import { FormatError } from '../../format-error.ts'
import { sha256Hex } from '../../hash.ts'
import { toHex } from '../../hex.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import { forgetEnvelope, parseShareEnvelope, type ShareEnvelope } from '../files/share-envelope.ts'
import { type Budgets, forgetShare } from '../files/share-file.ts'
import { verifyShare } from './verify-share.ts'

type ProveShareInput = {
  /** The opened envelope. */
  readonly envelope: Uint8Array
  /** The sealed age file it came in. */
  readonly sealed: Uint8Array
  /** public.bin. */
  readonly pub: Uint8Array
  /** What the holder's own device expects. */
  readonly expected: {
    readonly ceremonyId: string
    readonly name: string
    readonly policyHash?: Uint8Array
    readonly budgets?: Budgets
  }
}

export type ShareProof = {
  /** Canonical JSON to sign with every key of the holder, context `lux-custody/acknowledgement/v1/<domain>`. */
  readonly payload: Uint8Array
  readonly envelope: ShareEnvelope
}

/**
 * A holder's acknowledgement: made only after the envelope, its share, the commitments and the public file have been
 * checked. Refusals: those of `parseShareEnvelope` and `verifyShare`, FHE-PUBLIC-OTHER, FHE-CEREMONY-OTHER,
 * FHE-HOLDER-OTHER. A refused share is wiped; the envelope of a proof is the caller's to forget.
 */
export function proveShare({ envelope: bytes, sealed, pub, expected }: ProveShareInput): Outcome<ShareProof> {
  let envelope: ShareEnvelope
  try {
    envelope = parseShareEnvelope(bytes)
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
  let proof: Outcome<ShareProof> | null = null
  try {
    proof = proofOf(envelope, { envelope: bytes, sealed, pub, expected })
    return proof
  } finally {
    if (!proof?.ok) forgetEnvelope(envelope)
  }
}

function proofOf(envelope: ShareEnvelope, { sealed, pub, expected }: ProveShareInput): Outcome<ShareProof> {
  if (envelope.ceremonyId !== expected.ceremonyId) {
    return refuse('FHE-CEREMONY-OTHER', `the envelope is of ceremony ${envelope.ceremonyId}`)
  }
  if (envelope.name !== expected.name)
    return refuse('FHE-HOLDER-OTHER', `the envelope is for ${envelope.name}`)
  if (sha256Hex(pub) !== envelope.publicDigest) {
    return refuse('FHE-PUBLIC-OTHER', 'the public file is not the one the envelope names')
  }
  const { policyHash, budgets } = expected
  const verified = verifyShare(envelope.shareBytes, pub, {
    ...(policyHash === undefined ? {} : { policyHash }),
    ...(budgets === undefined ? {} : { budgets }),
  })
  if (!verified.ok) return verified
  forgetShare(verified.value.share)
  const { header } = envelope.share
  const payload = encodeCanonical({
    v: 1,
    kind: 'acknowledgement',
    domain: header.domain,
    ceremonyId: envelope.ceremonyId,
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    holder: header.holder,
    name: envelope.name,
    shareDigest: sha256Hex(envelope.shareBytes),
    envelopeDigest: sha256Hex(sealed),
  })
  return accept({ payload, envelope })
}
