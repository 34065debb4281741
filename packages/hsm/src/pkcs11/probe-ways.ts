import { CKM, mechanismName } from './constants.ts'
import { call } from './errors.ts'
import { zeroIv } from './mechanisms.ts'
import type { Handle, Mechanism } from './module.ts'
import { gcm } from './parameters.ts'
import { tryAttack } from './probe-control.ts'
import type { TokenSession } from './session.ts'

type DecryptBlock = { readonly name: string; readonly block: (key: Handle, bytes: Buffer) => Uint8Array }

/** Ways to have a key decrypt one block: by itself, or as a chain of one block whose IV is zero, which is the same. */
export function blockWays(token: TokenSession): readonly DecryptBlock[] {
  const { p11 } = token.module
  const by = (mechanism: { mechanism: number; parameter?: Buffer }): DecryptBlock => ({
    name: mechanismName(mechanism.mechanism),
    block: (key, bytes) => {
      call('decrypting', () => p11.C_DecryptInit(token.session, mechanism, key))
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

/** Names of the mechanisms by which the KEK wraps the key, beside its own, and of those of which nothing is known. */
export function otherWraps(
  token: TokenSession,
  { kek, victim, own }: { kek: Handle; victim: Handle; own: Mechanism },
): { readonly accepted: readonly string[]; readonly open: readonly string[] } {
  const { module, session } = token
  const wrapBy = (mechanism: Mechanism) =>
    module.wrapKey(session, mechanism, kek, victim, 'wrapping otherwise')
  const accepted = new Set<string>()
  const open = new Set<string>()
  for (const way of wrapWays(token).filter(({ mechanism }) => mechanism !== own.mechanism)) {
    const name = mechanismName(way.mechanism)
    const wrapped = tryAttack(
      () => wrapBy(way),
      () => wrapBy(own),
    )
    if (wrapped.ok) accepted.add(name)
    else if (wrapped.undecided) open.add(`${name}: ${wrapped.error.ckr?.name ?? wrapped.error.code}`)
  }
  return { accepted: [...accepted], open: [...open] }
}
