import { CKM } from '../constants.ts'
import type { TokenAbility } from '../device.ts'

/** Any one of the mechanisms will do; SoftHSM's own 0x210A is RFC 5649. */
const needs: readonly (readonly [TokenAbility, readonly number[]])[] = [
  ['aes-generate', [CKM.AES_KEY_GEN]],
  ['aes-wrap', [CKM.AES_KEY_WRAP, CKM.AES_KEY_WRAP_PAD, CKM.AES_KEY_WRAP_KWP]],
  ['aes-gcm', [CKM.AES_GCM]],
  ['aes-cbc', [CKM.AES_CBC, CKM.AES_CBC_PAD]],
  ['rsa-oaep-wrap', [CKM.RSA_PKCS_OAEP]],
  ['rsa-aes-wrap', [CKM.RSA_AES_KEY_WRAP]],
  ['rsa-generate', [CKM.RSA_PKCS_KEY_PAIR_GEN]],
  ['rsa-sign', [CKM.RSA_PKCS]],
  ['rsa-pss-sign', [CKM.RSA_PKCS_PSS]],
  ['ec-generate', [CKM.EC_KEY_PAIR_GEN]],
  ['ecdsa-sign', [CKM.ECDSA]],
  ['ecdh-derive', [CKM.ECDH1_DERIVE]],
  ['ed25519-generate', [CKM.EC_EDWARDS_KEY_PAIR_GEN]],
  ['eddsa-sign', [CKM.EDDSA]],
  ['secret-generate', [CKM.GENERIC_SECRET_KEY_GEN]],
  ['hmac', [CKM.SHA256_HMAC]],
]

/** `mechanisms`: C_GetMechanismList; `generator`: the token's CKF_RNG flag. */
export function abilitiesOf(mechanisms: readonly number[], generator: boolean): TokenAbility[] {
  const listed = new Set(mechanisms)
  const found = needs
    .filter(([, any]) => any.some((number) => listed.has(number)))
    .map(([ability]) => ability)
  return generator ? [...found, 'random'] : found
}
