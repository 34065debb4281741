import { fromBase64, toBase64 } from '../../base64.ts'
import { refuse, type Verdict } from '../../outcome.ts'
import { signWith, verifySignature } from '../../sign/hybrid.ts'
import type { SigningIdentity } from '../../sign/identity.ts'
import { identityId, type VerificationKeys } from '../../sign/verification-keys.ts'
import {
  encodePartial,
  encodePartialPayload,
  type PartialContent,
  type PartialFile,
} from '../files/partial-file.ts'

/** Context of both signatures of a partial decryption. */
const PARTIAL_CONTEXT = 'lux-fhe/v1/partial'
const NOTHING = new Uint8Array(0)

/** `lux-prt1` signed by both of the holder's keys, Ed25519 and ML-DSA-65; RangeError for other keys. */
export function signPartial(identity: SigningIdentity, content: PartialContent): Uint8Array {
  const { ed25519, mlDsa65, p256 } = identity.keys
  if (ed25519 === undefined || mlDsa65 === undefined || p256 !== undefined) {
    throw new RangeError('identity: a holder signs with Ed25519 and ML-DSA-65')
  }
  const payload = encodePartialPayload(content)
  const signature = signWith(identity, PARTIAL_CONTEXT, payload)
  return encodePartial(payload, {
    ed25519: fromBase64(signature.ed25519 ?? ''),
    mlDsa65: fromBase64(signature.mlDsa65 ?? ''),
  })
}

/** `lux-prt1` of a bare rehearsal, unsigned. Throws RangeError for production. */
export function barePartial(content: PartialContent): Uint8Array {
  if (content.header.domain === 'production') throw new RangeError('content: a production answer is signed')
  return encodePartial(encodePartialPayload(content), { ed25519: NOTHING, mlDsa65: NOTHING })
}

/** FHE-PARTIAL-SIGNATURE unless both keys of this holder signed exactly these bytes. */
export function verifyPartial({ header, payload, signatures }: PartialFile, keys: VerificationKeys): Verdict {
  const { ed25519, mlDsa65 } = signatures
  if (ed25519.length === 0 || mlDsa65.length === 0) {
    return refuse('FHE-PARTIAL-SIGNATURE', `the answer of holder ${header.holder} is not signed`)
  }
  const signature = { signer: identityId(keys), ed25519: toBase64(ed25519), mlDsa65: toBase64(mlDsa65) }
  const verdict = verifySignature(keys, PARTIAL_CONTEXT, payload, signature)
  return verdict.ok
    ? verdict
    : refuse(
        'FHE-PARTIAL-SIGNATURE',
        `the answer of holder ${header.holder}: ${verdict.rule} ${verdict.detail}`,
      )
}
