import type { HsmErrorCode } from '../../hsm-errors.ts'

/** One return code: number, name, what it means, and the code that we give it. PKCS#11 2.40 section 5.1, 3.0 section 5.1. */
type CkrEntry = {
  readonly number: number
  readonly name: string
  readonly meaning: string
  readonly code: HsmErrorCode
}

const rows: readonly (readonly [number, string, string, HsmErrorCode])[] = [
  [0x001, 'CKR_CANCEL', 'the call was cancelled', 'HSM-DEVICE-ERROR'],
  [0x002, 'CKR_HOST_MEMORY', 'the computer is out of memory', 'HSM-MEMORY'],
  [0x003, 'CKR_SLOT_ID_INVALID', 'the slot is not there', 'HSM-TOKEN-ABSENT'],
  [0x005, 'CKR_GENERAL_ERROR', 'the library met a fault that it does not describe', 'HSM-DEVICE-ERROR'],
  [0x006, 'CKR_FUNCTION_FAILED', 'the call failed and the token gave no reason', 'HSM-DEVICE-ERROR'],
  [0x007, 'CKR_ARGUMENTS_BAD', 'the library refused the arguments', 'HSM-CALL-INVALID'],
  [0x008, 'CKR_NO_EVENT', 'no slot has changed', 'HSM-CALL-INVALID'],
  [0x009, 'CKR_NEED_TO_CREATE_THREADS', 'the library needs threads of its own', 'HSM-FUNCTION-MISSING'],
  [0x00a, 'CKR_CANT_LOCK', 'the library cannot lock as asked', 'HSM-FUNCTION-MISSING'],
  [0x010, 'CKR_ATTRIBUTE_READ_ONLY', 'the attribute cannot be changed', 'HSM-ATTRIBUTE-REFUSED'],
  [0x011, 'CKR_ATTRIBUTE_SENSITIVE', 'the attribute is secret', 'HSM-KEY-FORBIDDEN'],
  [0x012, 'CKR_ATTRIBUTE_TYPE_INVALID', 'the token does not know the attribute', 'HSM-ATTRIBUTE-REFUSED'],
  [
    0x013,
    'CKR_ATTRIBUTE_VALUE_INVALID',
    'the attribute has a value that is not allowed',
    'HSM-ATTRIBUTE-REFUSED',
  ],
  [0x01b, 'CKR_ACTION_PROHIBITED', 'the object forbids this action', 'HSM-KEY-FORBIDDEN'],
  [0x020, 'CKR_DATA_INVALID', 'the data is invalid', 'HSM-DATA-INVALID'],
  [0x021, 'CKR_DATA_LEN_RANGE', 'the data has a wrong length', 'HSM-DATA-INVALID'],
  [0x030, 'CKR_DEVICE_ERROR', 'the token or slot reports a fault', 'HSM-DEVICE-ERROR'],
  [0x031, 'CKR_DEVICE_MEMORY', 'the token has no memory left', 'HSM-TOKEN-FULL'],
  [0x032, 'CKR_DEVICE_REMOVED', 'the token was removed during the call', 'HSM-TOKEN-ABSENT'],
  [0x040, 'CKR_ENCRYPTED_DATA_INVALID', 'the ciphertext is invalid or was altered', 'HSM-DATA-INVALID'],
  [0x041, 'CKR_ENCRYPTED_DATA_LEN_RANGE', 'the ciphertext has a wrong length', 'HSM-DATA-INVALID'],
  [0x042, 'CKR_AEAD_DECRYPT_FAILED', 'the ciphertext or its associated data was altered', 'HSM-DATA-INVALID'],
  [0x050, 'CKR_FUNCTION_CANCELED', 'the call was cancelled at the token', 'HSM-DEVICE-ERROR'],
  [0x051, 'CKR_FUNCTION_NOT_PARALLEL', 'no call is running in parallel', 'HSM-CALL-INVALID'],
  [0x054, 'CKR_FUNCTION_NOT_SUPPORTED', 'the library does not have this function', 'HSM-FUNCTION-MISSING'],
  [0x060, 'CKR_KEY_HANDLE_INVALID', 'the key is not there', 'HSM-KEY-ABSENT'],
  [0x062, 'CKR_KEY_SIZE_RANGE', 'the key size is not supported', 'HSM-FUNCTION-MISSING'],
  [0x063, 'CKR_KEY_TYPE_INCONSISTENT', 'the key is of the wrong type for this use', 'HSM-KEY-FORBIDDEN'],
  [0x064, 'CKR_KEY_NOT_NEEDED', 'a key was given that is not needed', 'HSM-CALL-INVALID'],
  [0x065, 'CKR_KEY_CHANGED', 'the key changed while the state was saved', 'HSM-CALL-INVALID'],
  [0x066, 'CKR_KEY_NEEDED', 'a key is needed to restore the state', 'HSM-CALL-INVALID'],
  [0x067, 'CKR_KEY_INDIGESTIBLE', 'the key cannot be hashed', 'HSM-KEY-FORBIDDEN'],
  [0x068, 'CKR_KEY_FUNCTION_NOT_PERMITTED', 'the key’s own attributes forbid this use', 'HSM-KEY-FORBIDDEN'],
  [0x069, 'CKR_KEY_NOT_WRAPPABLE', 'the key may not be wrapped by this key', 'HSM-KEY-FORBIDDEN'],
  [0x06a, 'CKR_KEY_UNEXTRACTABLE', 'the key may never leave the token', 'HSM-KEY-FORBIDDEN'],
  [0x070, 'CKR_MECHANISM_INVALID', 'the token or key does not allow this mechanism', 'HSM-FUNCTION-MISSING'],
  [0x071, 'CKR_MECHANISM_PARAM_INVALID', 'the mechanism’s parameters are refused', 'HSM-FUNCTION-MISSING'],
  [0x082, 'CKR_OBJECT_HANDLE_INVALID', 'the object is not there', 'HSM-KEY-ABSENT'],
  [0x090, 'CKR_OPERATION_ACTIVE', 'another operation is open in this session', 'HSM-CALL-INVALID'],
  [0x091, 'CKR_OPERATION_NOT_INITIALIZED', 'no operation is open in this session', 'HSM-CALL-INVALID'],
  [0x0a0, 'CKR_PIN_INCORRECT', 'the PIN is wrong', 'HSM-PIN-WRONG'],
  [0x0a1, 'CKR_PIN_INVALID', 'the PIN has characters that are not accepted', 'HSM-PIN-INVALID'],
  [0x0a2, 'CKR_PIN_LEN_RANGE', 'the PIN is too short or too long', 'HSM-PIN-INVALID'],
  [0x0a3, 'CKR_PIN_EXPIRED', 'the PIN has expired', 'HSM-PIN-EXPIRED'],
  [0x0a4, 'CKR_PIN_LOCKED', 'the PIN is locked', 'HSM-PIN-LOCKED'],
  [0x0b0, 'CKR_SESSION_CLOSED', 'the session was closed during the call', 'HSM-SESSION-LOST'],
  [0x0b1, 'CKR_SESSION_COUNT', 'the token allows no more sessions', 'HSM-MEMORY'],
  [0x0b3, 'CKR_SESSION_HANDLE_INVALID', 'the session is gone', 'HSM-SESSION-LOST'],
  [0x0b4, 'CKR_SESSION_PARALLEL_NOT_SUPPORTED', 'parallel sessions are not supported', 'HSM-CALL-INVALID'],
  [0x0b5, 'CKR_SESSION_READ_ONLY', 'the session cannot write', 'HSM-READ-ONLY'],
  [0x0b6, 'CKR_SESSION_EXISTS', 'a session is open, in this or another program', 'HSM-LOGIN-OTHER'],
  [0x0b7, 'CKR_SESSION_READ_ONLY_EXISTS', 'a read-only session bars the security officer', 'HSM-LOGIN-OTHER'],
  [0x0b8, 'CKR_SESSION_READ_WRITE_SO_EXISTS', 'the security officer has a session open', 'HSM-LOGIN-OTHER'],
  [0x0c0, 'CKR_SIGNATURE_INVALID', 'the signature is invalid', 'HSM-SIGNATURE-INVALID'],
  [0x0c1, 'CKR_SIGNATURE_LEN_RANGE', 'the signature has a wrong length', 'HSM-SIGNATURE-INVALID'],
  [0x0d0, 'CKR_TEMPLATE_INCOMPLETE', 'an attribute that the token needs is missing', 'HSM-ATTRIBUTE-REFUSED'],
  [
    0x0d1,
    'CKR_TEMPLATE_INCONSISTENT',
    'the attributes contradict each other or the wrapping key’s demands',
    'HSM-ATTRIBUTE-REFUSED',
  ],
  [0x0e0, 'CKR_TOKEN_NOT_PRESENT', 'no token is in the slot', 'HSM-TOKEN-ABSENT'],
  [0x0e1, 'CKR_TOKEN_NOT_RECOGNIZED', 'the token cannot be recognised', 'HSM-TOKEN-DAMAGED'],
  [0x0e2, 'CKR_TOKEN_WRITE_PROTECTED', 'the token is write-protected', 'HSM-READ-ONLY'],
  [0x0f0, 'CKR_UNWRAPPING_KEY_HANDLE_INVALID', 'the unwrapping key is not there', 'HSM-KEY-ABSENT'],
  [0x0f1, 'CKR_UNWRAPPING_KEY_SIZE_RANGE', 'the unwrapping key has a wrong size', 'HSM-KEY-FORBIDDEN'],
  [
    0x0f2,
    'CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT',
    'the unwrapping key does not fit the mechanism',
    'HSM-KEY-FORBIDDEN',
  ],
  [0x100, 'CKR_USER_ALREADY_LOGGED_IN', 'this user is already logged in', 'HSM-ALREADY-LOGGED-IN'],
  [0x101, 'CKR_USER_NOT_LOGGED_IN', 'nobody is logged in', 'HSM-NOT-LOGGED-IN'],
  [0x102, 'CKR_USER_PIN_NOT_INITIALIZED', 'the user PIN has not been set', 'HSM-PIN-NOT-SET'],
  [0x103, 'CKR_USER_TYPE_INVALID', 'the token has no such kind of user', 'HSM-FUNCTION-MISSING'],
  [0x104, 'CKR_USER_ANOTHER_ALREADY_LOGGED_IN', 'another kind of user is logged in', 'HSM-LOGIN-OTHER'],
  [0x105, 'CKR_USER_TOO_MANY_TYPES', 'too many kinds of user are logged in', 'HSM-LOGIN-OTHER'],
  [
    0x110,
    'CKR_WRAPPED_KEY_INVALID',
    'the wrapped key is damaged or belongs to another key',
    'HSM-DATA-INVALID',
  ],
  [0x112, 'CKR_WRAPPED_KEY_LEN_RANGE', 'the wrapped key has a wrong length', 'HSM-DATA-INVALID'],
  [0x113, 'CKR_WRAPPING_KEY_HANDLE_INVALID', 'the wrapping key is not there', 'HSM-KEY-ABSENT'],
  [0x114, 'CKR_WRAPPING_KEY_SIZE_RANGE', 'the wrapping key has a wrong size', 'HSM-KEY-FORBIDDEN'],
  [
    0x115,
    'CKR_WRAPPING_KEY_TYPE_INCONSISTENT',
    'the wrapping key does not fit the mechanism',
    'HSM-KEY-FORBIDDEN',
  ],
  [0x120, 'CKR_RANDOM_SEED_NOT_SUPPORTED', 'the random generator takes no seed', 'HSM-FUNCTION-MISSING'],
  [0x121, 'CKR_RANDOM_NO_RNG', 'the token has no random generator', 'HSM-FUNCTION-MISSING'],
  [0x130, 'CKR_DOMAIN_PARAMS_INVALID', 'the curve or domain is not supported', 'HSM-FUNCTION-MISSING'],
  [0x140, 'CKR_CURVE_NOT_SUPPORTED', 'the curve is not supported', 'HSM-FUNCTION-MISSING'],
  [0x150, 'CKR_BUFFER_TOO_SMALL', 'the answer did not fit', 'HSM-CALL-INVALID'],
  [0x160, 'CKR_SAVED_STATE_INVALID', 'the saved state is invalid', 'HSM-DATA-INVALID'],
  [0x170, 'CKR_INFORMATION_SENSITIVE', 'the information is secret', 'HSM-KEY-FORBIDDEN'],
  [0x180, 'CKR_STATE_UNSAVEABLE', 'the state cannot be saved', 'HSM-FUNCTION-MISSING'],
  [0x190, 'CKR_CRYPTOKI_NOT_INITIALIZED', 'the library was not started', 'HSM-SESSION-LOST'],
  [0x191, 'CKR_CRYPTOKI_ALREADY_INITIALIZED', 'the library was already started', 'HSM-CALL-INVALID'],
  [0x1a0, 'CKR_MUTEX_BAD', 'a lock is invalid', 'HSM-DEVICE-ERROR'],
  [0x1a1, 'CKR_MUTEX_NOT_LOCKED', 'a lock was not held', 'HSM-DEVICE-ERROR'],
  [0x1b0, 'CKR_NEW_PIN_MODE', 'the one-time token wants a new PIN', 'HSM-PIN-EXPIRED'],
  [0x1b1, 'CKR_NEXT_OTP', 'the one-time token wants its next value', 'HSM-FUNCTION-MISSING'],
  [
    0x1b5,
    'CKR_EXCEEDED_MAX_ITERATIONS',
    'parameters were not found in the allowed tries',
    'HSM-DEVICE-ERROR',
  ],
  [0x1b6, 'CKR_FIPS_SELF_TEST_FAILED', 'the library failed its self-test', 'HSM-DEVICE-ERROR'],
  [0x1b7, 'CKR_LIBRARY_LOAD_FAILED', 'a part of the library could not be loaded', 'HSM-LIBRARY-INVALID'],
  [0x1b8, 'CKR_PIN_TOO_WEAK', 'the PIN is too weak', 'HSM-PIN-INVALID'],
  [0x1b9, 'CKR_PUBLIC_KEY_INVALID', 'the public key is invalid', 'HSM-DATA-INVALID'],
  [0x200, 'CKR_FUNCTION_REJECTED', 'a person at the token refused', 'HSM-KEY-FORBIDDEN'],
  [0x201, 'CKR_TOKEN_RESOURCE_EXCEEDED', 'the token has no resources left', 'HSM-TOKEN-FULL'],
  [0x202, 'CKR_OPERATION_CANCEL_FAILED', 'the operation could not be cancelled', 'HSM-DEVICE-ERROR'],
  [0x203, 'CKR_KEY_EXHAUSTED', 'the key has reached its limit of uses', 'HSM-KEY-FORBIDDEN'],
]

export const ckrTable: ReadonlyMap<number, CkrEntry> = new Map(
  rows.map(([number, name, meaning, code]) => [number, { number, name, meaning, code }]),
)

/** Unknown and vendor codes keep their number: CKR_VENDOR_DEFINED starts at 0x80000000. */
export function describeCkr(number: number): CkrEntry {
  const known = ckrTable.get(number)
  if (known) return known
  const hex = `0x${number.toString(16).toUpperCase()}`
  return number >= 0x8000_0000
    ? {
        number,
        name: `CKR_VENDOR_DEFINED:${hex}`,
        meaning: `the vendor’s own code ${hex}`,
        code: 'HSM-UNKNOWN',
      }
    : { number, name: `CKR_${hex}`, meaning: `the unknown code ${hex}`, code: 'HSM-UNKNOWN' }
}
