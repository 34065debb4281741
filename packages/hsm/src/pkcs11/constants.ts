/** Numbers of PKCS#11 2.40 and 3.0, by the standard's own names. */
export const CKO = { DATA: 0, CERTIFICATE: 1, PUBLIC_KEY: 2, PRIVATE_KEY: 3, SECRET_KEY: 4 } as const

export const CKK = { RSA: 0x00, EC: 0x03, GENERIC_SECRET: 0x10, AES: 0x1f, EC_EDWARDS: 0x40 } as const

export const CKU = { SO: 0, USER: 1, CONTEXT_SPECIFIC: 2 } as const

export const CKF = {
  RW_SESSION: 0x2,
  SERIAL_SESSION: 0x4,
  RNG: 0x1,
  WRITE_PROTECTED: 0x2,
  LOGIN_REQUIRED: 0x4,
  USER_PIN_INITIALIZED: 0x8,
  TOKEN_INITIALIZED: 0x400,
  USER_PIN_COUNT_LOW: 0x1_0000,
  USER_PIN_FINAL_TRY: 0x2_0000,
  USER_PIN_LOCKED: 0x4_0000,
  USER_PIN_TO_BE_CHANGED: 0x8_0000,
  SO_PIN_COUNT_LOW: 0x10_0000,
  SO_PIN_FINAL_TRY: 0x20_0000,
  SO_PIN_LOCKED: 0x40_0000,
  SO_PIN_TO_BE_CHANGED: 0x80_0000,
} as const

export const CKM = {
  RSA_PKCS_KEY_PAIR_GEN: 0x0000,
  RSA_PKCS: 0x0001,
  RSA_PKCS_OAEP: 0x0009,
  RSA_PKCS_PSS: 0x000d,
  SHA_1: 0x0220,
  SHA256: 0x0250,
  SHA256_HMAC: 0x0251,
  GENERIC_SECRET_KEY_GEN: 0x0350,
  EC_KEY_PAIR_GEN: 0x1040,
  ECDSA: 0x1041,
  AES_KEY_GEN: 0x1080,
  AES_ECB: 0x1081,
  AES_CBC_PAD: 0x1085,
  AES_GCM: 0x1087,
  AES_KEY_WRAP: 0x2109,
  AES_KEY_WRAP_PAD: 0x210a,
  AES_KEY_WRAP_KWP: 0x210b,
} as const

export const CKG = { MGF1_SHA1: 1, MGF1_SHA256: 2 } as const

/** Name of a mechanism for people; the number where we have no name. */
export function mechanismName(number: number): string {
  const found = Object.entries(CKM).find(([, value]) => value === number)
  return found ? `CKM_${found[0]}` : `0x${number.toString(16).toUpperCase()}`
}
