import { constants, createPublicKey, publicEncrypt } from 'node:crypto'
import type { OaepHash } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import type { Handle } from '../library/module.ts'
import type { TokenSession } from '../session/session.ts'
import { readSpki } from './public-keys.ts'

/** RSA-OAEP outside the token, to a public key that is in it. Errors: HSM-DATA-INVALID where that key does not encrypt. */
export function oaepOutside(
  token: TokenSession,
  publicKey: Handle,
  value: Uint8Array,
  oaepHash: OaepHash,
): Buffer {
  const key = createPublicKey({ key: Buffer.from(readSpki(token, publicKey)), format: 'der', type: 'spki' })
  try {
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, value)
  } catch (error) {
    if (error instanceof Error && 'opensslErrorStack' in error)
      throw hsmError('HSM-DATA-INVALID', 'the token’s own public key does not encrypt')
    throw error
  }
}
