import {
  assembleSignature,
  type HybridSignature,
  p256RawToDer,
  sec1FromEcSpki,
  sha256,
  signedMessage,
  toBase64,
  type VerificationKeys,
} from '@lux/crypto'
import type { Token } from '@lux/hsm'

/** Signs context | 0 | payload with a P-256 key of the token: raw r | s inside it, low-s DER outside. */
export async function signInToken(
  token: Pick<Token, 'signEcdsa'>,
  keyId: string,
  keys: VerificationKeys,
  context: string,
  payload: Uint8Array,
): Promise<HybridSignature> {
  const digest = sha256(signedMessage(context, payload))
  const raw = await token.signEcdsa({ key: { id: keyId, class: 'private' }, digest })
  return assembleSignature(keys, { p256: p256RawToDer(raw) })
}

export function keysOfSpki(spki: Uint8Array): { p256: string } {
  return { p256: toBase64(sec1FromEcSpki('P-256', spki)) }
}
