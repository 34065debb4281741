import { type HybridSignature, type SigningIdentity, sha256Hex } from '@lux/crypto'
import type { DocumentCodec } from '../../src/documents/format/document.ts'
import type { Domain } from '../../src/documents/format/fields.ts'

const made = new Map<string, HybridSignature>()

/**
 * What `codec.sign` answers, made once: all three schemes are deterministic, and two hundred bundles that differ in one
 * document each would have the same people sign all the others again.
 */
export function signedOnce<T>(
  codec: DocumentCodec<T>,
  identity: SigningIdentity,
  payload: T,
  domain: Domain,
): HybridSignature {
  const key = [codec.what, domain, identity.id, sha256Hex(codec.signedBytes(payload))].join(' ')
  const before = made.get(key)
  if (before !== undefined) return { ...before }
  const signature = codec.sign(identity, payload, domain)
  made.set(key, signature)
  return { ...signature }
}
