import { CKK, CKM, CKO, mechanismName } from '../../constants.ts'
import type { MechanismFunction } from '../../device.ts'
import type { Profile } from '../../profiles/profile.ts'
import { is, num } from '../library/attributes.ts'
import { call, tryAttack } from '../library/errors.ts'
import type { Handle, Mechanism } from '../library/module.ts'
import { cbcData, ecbData, gcm, oaep, rsaAes } from '../library/parameters.ts'
import { zeroIv } from '../objects/mechanisms.ts'
import type { TokenSession } from '../session/session.ts'

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

type Listed = Pick<TokenSession, 'mechanisms'>

/** Every number of the vendor's own that the token says wraps. */
const vendorWraps = ({ mechanisms }: Listed): number[] =>
  [...mechanisms.values()]
    .filter(({ number, does }) => number >= vendorNumbers && does.includes('wrap'))
    .map(({ number }) => number)

/** Every AES mechanism that might wrap, and the vendor's own. */
export function wrapWays(token: Listed): Mechanism[] {
  const vendors = vendorWraps(token).flatMap((mechanism) => [{ mechanism }, { mechanism, parameter: zeroIv }])
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

/** By which a public key of RSA may wrap; a vendor's own number with the parameters of CKM_RSA_AES_KEY_WRAP, as Yubico's takes them. */
export const rsaWraps = (token: Listed & { readonly profile: Pick<Profile, 'oaepHash'> }): Mechanism[] =>
  [...new Set(['sha1', token.profile.oaepHash] as const)]
    .flatMap((hash) => [
      oaep(hash),
      rsaAes(hash, 256),
      ...vendorWraps(token).map((mechanism) => ({ ...rsaAes(hash, 256), mechanism })),
    ])
    .concat({ mechanism: CKM.RSA_PKCS })

export type UseWay = {
  readonly name: string
  readonly flag: 'ENCRYPT' | 'SIGN' | 'DERIVE'
  /** The token says that it can. */
  readonly listed: boolean
  /** Of a key that may be used so. */
  readonly keyType: number
  readonly use: (key: Handle) => unknown
}

/** What an AES key may be used for that no KEK may: one block encrypted, a MAC of one, a key derived from it. */
export function useWays(token: TokenSession): readonly UseWay[] {
  const { module, session } = token
  const block = Buffer.alloc(16)
  const listed = (mechanism: number, does: MechanismFunction) => token.has(mechanism, does)
  const encrypt = (mechanism: Mechanism): UseWay => ({
    name: mechanismName(mechanism.mechanism),
    flag: 'ENCRYPT',
    listed: listed(mechanism.mechanism, 'encrypt'),
    keyType: CKK.AES,
    use: (key) => {
      module.begin('C_EncryptInit', session, mechanism, key, 'encrypting')
      return module.finish('C_Encrypt', session, block, 64, 'encrypting')
    },
  })
  const sign = (mechanism: number, keyType: number): UseWay => ({
    name: mechanismName(mechanism),
    flag: 'SIGN',
    listed: listed(mechanism, 'sign'),
    keyType,
    use: (key) => {
      module.begin('C_SignInit', session, { mechanism }, key, 'computing a MAC')
      return module.finish('C_Sign', session, block, 64, 'computing a MAC')
    },
  })
  const derived = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', CKK.GENERIC_SECRET),
    num('VALUE_LEN', 16),
    is('TOKEN', false),
  ]
  const derive = (mechanism: Mechanism): UseWay => ({
    name: mechanismName(mechanism.mechanism),
    flag: 'DERIVE',
    listed: listed(mechanism.mechanism, 'derive'),
    keyType: CKK.AES,
    use: (key) => token.destroyHandle(module.deriveKey(session, mechanism, key, derived, 'deriving')),
  })
  return [
    encrypt({ mechanism: CKM.AES_ECB }),
    encrypt({ mechanism: CKM.AES_CBC, parameter: zeroIv }),
    encrypt({ mechanism: CKM.AES_CBC_PAD, parameter: zeroIv }),
    encrypt(gcm(Buffer.alloc(12), Buffer.alloc(0), 128)),
    sign(CKM.AES_CMAC, CKK.AES),
    sign(CKM.SHA256_HMAC, CKK.GENERIC_SECRET),
    derive(ecbData(block)),
    derive(cbcData(zeroIv, block)),
  ]
}
