import { CKM, mechanismName } from './constants.ts'
import { attemptRefusal as attempt, call } from './errors.ts'
import { zeroIv } from './mechanisms.ts'
import type { Handle, Mechanism } from './module.ts'
import { gcm } from './parameters.ts'
import type { TokenSession } from './session.ts'

type DecryptBlock = { readonly name: string; readonly block: (bytes: Buffer) => Uint8Array }

/** Ways to have a KEK decrypt one block: by itself, or as a chain of one block whose IV is zero, which is the same. */
export function blockWays(token: TokenSession, kek: Handle): readonly DecryptBlock[] {
  const { p11 } = token.module
  const by = (mechanism: { mechanism: number; parameter?: Buffer }): DecryptBlock => ({
    name: mechanismName(mechanism.mechanism),
    block: (bytes) => {
      call('decrypting', () => p11.C_DecryptInit(token.session, mechanism, kek))
      return call('decrypting', () => p11.C_Decrypt(token.session, bytes, Buffer.alloc(32)))
    },
  })
  return [by({ mechanism: CKM.AES_ECB }), by({ mechanism: CKM.AES_CBC, parameter: Buffer.from(zeroIv) })]
}

const vendorNumbers = 0x8000_0000

/** Every AES mechanism that might wrap, and every number of the vendor's own that the token says wraps. */
function wrapWays(token: TokenSession): Mechanism[] {
  const vendors = [...token.mechanisms.values()]
    .filter(({ number, does }) => number >= vendorNumbers && does.includes('wrap'))
    .flatMap(({ number: mechanism }) => [{ mechanism }, { mechanism, parameter: zeroIv }])
  return [
    { mechanism: CKM.AES_KEY_WRAP },
    { mechanism: CKM.AES_KEY_WRAP_PAD },
    { mechanism: CKM.AES_KEY_WRAP_KWP },
    { mechanism: CKM.AES_ECB },
    { mechanism: CKM.AES_CBC, parameter: zeroIv },
    { mechanism: CKM.AES_CBC_PAD, parameter: zeroIv },
    gcm(Buffer.alloc(12), Buffer.alloc(0), 128),
    ...vendors,
  ]
}

/** Names of the mechanisms by which the KEK wraps the key, beside its own. */
export function otherWraps(
  token: TokenSession,
  { kek, victim, own }: { kek: Handle; victim: Handle; own: number },
): string[] {
  const { module, session } = token
  const accepted = wrapWays(token)
    .filter(({ mechanism }) => mechanism !== own)
    .filter(
      (mechanism) => attempt(() => module.wrapKey(session, mechanism, kek, victim, 'wrapping otherwise')).ok,
    )
  return [...new Set(accepted.map(({ mechanism }) => mechanismName(mechanism)))]
}
