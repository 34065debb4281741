import pkcs11js from 'pkcs11js'

/** Numbers of PKCS#11 2.40 and 3.1, by the standard's own names. */
export const CKO = { DATA: 0, CERTIFICATE: 1, PUBLIC_KEY: 2, PRIVATE_KEY: 3, SECRET_KEY: 4 } as const

export const CKK = { RSA: 0x00, EC: 0x03, GENERIC_SECRET: 0x10, AES: 0x1f, EC_EDWARDS: 0x40 } as const

export const CKU = { SO: 0, USER: 1, CONTEXT_SPECIFIC: 2 } as const

export const CKF = {
  OS_LOCKING_OK: 0x2,
  RW_SESSION: 0x2,
  SERIAL_SESSION: 0x4,
  RNG: 0x1,
  WRITE_PROTECTED: 0x2,
  LOGIN_REQUIRED: 0x4,
  USER_PIN_INITIALIZED: 0x8,
  PROTECTED_AUTHENTICATION_PATH: 0x100,
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

/** The return codes that the driver itself decides by; codes.ts has them all. */
export const CKR = {
  GENERAL_ERROR: 0x05,
  FUNCTION_FAILED: 0x06,
  ARGUMENTS_BAD: 0x07,
  NEED_TO_CREATE_THREADS: 0x09,
  ATTRIBUTE_READ_ONLY: 0x10,
  CANT_LOCK: 0x0a,
  DATA_INVALID: 0x20,
  DATA_LEN_RANGE: 0x21,
  DEVICE_ERROR: 0x30,
  ENCRYPTED_DATA_INVALID: 0x40,
  ENCRYPTED_DATA_LEN_RANGE: 0x41,
  AEAD_DECRYPT_FAILED: 0x42,
  FUNCTION_NOT_SUPPORTED: 0x54,
  KEY_HANDLE_INVALID: 0x60,
  MECHANISM_INVALID: 0x70,
  MECHANISM_PARAM_INVALID: 0x71,
  OBJECT_HANDLE_INVALID: 0x82,
  OPERATION_ACTIVE: 0x90,
  BUFFER_TOO_SMALL: 0x150,
  CANCEL: 0x1,
  FUNCTION_CANCELED: 0x50,
  FUNCTION_REJECTED: 0x200,
  SESSION_CLOSED: 0xb0,
  SESSION_COUNT: 0xb1,
  SESSION_HANDLE_INVALID: 0xb3,
  SIGNATURE_INVALID: 0xc0,
  SIGNATURE_LEN_RANGE: 0xc1,
  TOKEN_WRITE_PROTECTED: 0x0e2,
  UNWRAPPING_KEY_HANDLE_INVALID: 0xf0,
  USER_NOT_LOGGED_IN: 0x101,
  WRAPPING_KEY_HANDLE_INVALID: 0x113,
} as const

export const CKM = {
  RSA_PKCS_KEY_PAIR_GEN: 0x0000,
  RSA_PKCS: 0x0001,
  RSA_PKCS_OAEP: 0x0009,
  RSA_PKCS_PSS: 0x000d,
  SHA1_RSA_PKCS: 0x0006,
  SHA1_RSA_PKCS_PSS: 0x000e,
  SHA256_RSA_PKCS: 0x0040,
  SHA384_RSA_PKCS: 0x0041,
  SHA512_RSA_PKCS: 0x0042,
  SHA256_RSA_PKCS_PSS: 0x0043,
  SHA384_RSA_PKCS_PSS: 0x0044,
  SHA512_RSA_PKCS_PSS: 0x0045,
  SHA_1: 0x0220,
  SHA256: 0x0250,
  SHA256_HMAC: 0x0251,
  SHA384: 0x0260,
  SHA384_HMAC: 0x0261,
  SHA512: 0x0270,
  SHA512_HMAC: 0x0271,
  GENERIC_SECRET_KEY_GEN: 0x0350,
  EC_KEY_PAIR_GEN: 0x1040,
  ECDSA: 0x1041,
  ECDSA_SHA1: 0x1042,
  ECDSA_SHA256: 0x1044,
  ECDSA_SHA384: 0x1045,
  ECDSA_SHA512: 0x1046,
  ECDH1_DERIVE: 0x1050,
  RSA_AES_KEY_WRAP: 0x1054,
  EC_EDWARDS_KEY_PAIR_GEN: 0x1055,
  EDDSA: 0x1057,
  AES_KEY_GEN: 0x1080,
  AES_ECB: 0x1081,
  AES_CBC: 0x1082,
  AES_CBC_PAD: 0x1085,
  AES_GCM: 0x1087,
  AES_CMAC: 0x108a,
  AES_ECB_ENCRYPT_DATA: 0x1104,
  AES_CBC_ENCRYPT_DATA: 0x1105,
  AES_KEY_WRAP: 0x2109,
  AES_KEY_WRAP_PAD: 0x210a,
  AES_KEY_WRAP_KWP: 0x210b,
  /** Yubico/yubihsm-shell, pkcs11/pkcs11y.h; each wraps whole objects of a YubiHSM 2. */
  YUBICO_AES_CCM_WRAP: 0xd955_4204,
  YUBICO_RSA_WRAP: 0xd955_4209,
} as const

export const CKG = { MGF1_SHA1: 1, MGF1_SHA256: 2, MGF1_SHA384: 3, MGF1_SHA512: 4 } as const

/** CKM_FLAGS of C_GetMechanismInfo. */
export const CKF_MECHANISM = {
  HW: 0x1,
  encrypt: 0x100,
  decrypt: 0x200,
  digest: 0x400,
  sign: 0x800,
  verify: 0x2000,
  generate: 0x8000,
  'generate-pair': 0x1_0000,
  wrap: 0x2_0000,
  unwrap: 0x4_0000,
  derive: 0x8_0000,
} as const

const ours = new Map<number, string>(Object.entries(CKM).map(([name, number]) => [number, `CKM_${name}`]))

/** pkcs11js names the mechanisms of 2.40; those are for showing only. */
const others = new Map<number, string>(
  Object.entries(pkcs11js).flatMap(([name, value]) =>
    name.startsWith('CKM_') && typeof value === 'number' ? [[value, name] as const] : [],
  ),
)

/** Name of a mechanism for people; the number where we have no name. */
export const mechanismName = (number: number): string =>
  ours.get(number) ?? others.get(number) ?? `0x${number.toString(16).toUpperCase()}`
