import type { TokenAbility } from '../device.ts'

/** Any one of the mechanisms will do; numbers of PKCS #11 3.0, and SoftHSM's own 0x210A for RFC 5649. */
const needs: readonly (readonly [TokenAbility, readonly number[]])[] = [
  ['aes-generate', [0x1080]],
  ['aes-wrap', [0x2109, 0x210a, 0x210b]],
  ['aes-gcm', [0x1087]],
  ['rsa-oaep-wrap', [0x0009]],
  ['rsa-generate', [0x0000]],
  ['ec-generate', [0x1040]],
  ['ecdsa-sign', [0x1041]],
  ['hmac', [0x0251]],
]

/** `mechanisms`: C_GetMechanismList; `generator`: the token's CKF_RNG flag. */
export function abilitiesOf(mechanisms: readonly number[], generator: boolean): TokenAbility[] {
  const listed = new Set(mechanisms)
  const found = needs
    .filter(([, any]) => any.some((number) => listed.has(number)))
    .map(([ability]) => ability)
  return generator ? [...found, 'random'] : found
}
