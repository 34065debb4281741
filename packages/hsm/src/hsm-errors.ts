import { type CkrCode, HsmError } from './device.ts'

/** What to do, by stable code. The codes are translation keys. */
const remedies = {
  'HSM-ALREADY-LOGGED-IN': 'Log out first if another person should log in.',
  'HSM-ATTRIBUTE-MISMATCH': 'Do not use this key. Destroy it and check the token profile.',
  'HSM-ATTRIBUTE-REFUSED': 'This token does not accept the template. Check its profile and firmware.',
  'HSM-BROKEN': 'The library failed three times in a row. Check the token and the library, then start again.',
  'HSM-CALL-INVALID': 'This is a mistake in the program. Please report it.',
  'HSM-CLOSED': 'The connection to the token was closed. Open it again.',
  'HSM-CRASHED':
    'The token library crashed and was restarted. Log in again; the ceremony looks at the token first. A token that was being initialised may be left without its PINs: custody token pin --reset finishes it.',
  'HSM-DATA-INVALID': 'Check that file and key belong together; if they do, get the file again.',
  'HSM-DESTINATION-MISMATCH': 'Remove trusted keys that the plan does not name, then repeat the step.',
  'HSM-DEVICE-ERROR': 'The token reports a fault. Check its connection and its own log.',
  'HSM-DISK':
    'The token store cannot be written. Free space or repair its permissions, then repeat the step.',
  'HSM-DUPLICATE-ID': 'Two objects carry the same identifier. Inspect the token before going on.',
  'HSM-DUPLICATE-KEY-LABEL':
    'Choose another label, or destroy the key that has it if nothing needs it any more: people tell keys apart by it.',
  'HSM-DUPLICATE-LABEL': 'Choose another label: people tell tokens apart by it.',
  'HSM-LABEL-LENGTH': 'Choose a shorter label: a letter outside of ASCII takes two bytes or more.',
  'HSM-FREE-SLOT-MISSING': 'No free slot for a new token. Connect one or remove an unused one.',
  'HSM-FUNCTION-MISSING': 'This token cannot do what the plan asks. Choose another profile or token.',
  'HSM-HOST-FAILED': 'The helper process could not be started. Reinstall the program.',
  'HSM-KEY-ABSENT':
    'The key is not on this token. Check the serial number, and the plan of a ceremony; a server’s token comes back from its clone or backup.',
  'HSM-KEY-FORBIDDEN': 'Use the key that was made for this: what a key allows was settled when it was made.',
  'HSM-LIBRARY-ARCHITECTURE':
    'This is a library for another processor or another word size. Choose the vendor’s library for this computer.',
  'HSM-LIBRARY-CHANGED':
    'The library’s file is not the one that was pinned. Find out who changed it before you use it.',
  'HSM-LIBRARY-CRASHED':
    'Check that it is the vendor’s library for this computer, and its settings and version; then start again.',
  'HSM-LIBRARY-DEPENDENCY': 'The token library needs another library that is missing. Install it and repeat.',
  'HSM-LIBRARY-FAILED':
    'Check the library’s settings and version, and that the service that it needs is running; then start again.',
  'HSM-LIBRARY-FOREIGN': 'This library is not a token library. Choose the vendor’s PKCS#11 library.',
  'HSM-LIBRARY-INVALID': 'The file is not a library, or it is damaged. Choose the vendor’s PKCS#11 library.',
  'HSM-LIBRARY-MISSING': 'Install the token’s library or correct its path.',
  'HSM-LIBRARY-TIMEOUT':
    'Check that the service that the library needs is running and the device is not busy; then start again.',
  'HSM-LOGIN-OTHER': 'Another kind of user is logged in. Log out first.',
  'HSM-MECHANISM-MISSING':
    'No mechanism of this token gives the standard’s known answer. Choose another token.',
  'HSM-MEMORY': 'The computer or the token is out of memory. Remove unused objects and repeat.',
  'HSM-NOT-LOGGED-IN': 'Log in to the token and repeat.',
  'HSM-PAD-CANCELLED': 'The PIN entry was cancelled and is not started again by itself. Start it once more.',
  'HSM-PAD-TIMEOUT':
    'No PIN was entered at the token’s own pad in time. Go to the pad, then start the entry once more.',
  'HSM-PIN-EXPIRED': 'Change the PIN, which takes no login: custody token pin. Then log in.',
  'HSM-PIN-FINAL-TRY':
    'One more wrong PIN locks the token. Be certain before you confirm: on the command line by --accept-final-try.',
  'HSM-PIN-INVALID': 'Use a PIN of the length and the characters that the token’s manual gives.',
  'HSM-PIN-LOCKED':
    'The security officer sets a new user PIN: custody token pin --reset. A locked SO PIN only the maker’s own tool undoes, if anything does.',
  'HSM-PIN-NOT-SET':
    'The token has no user PIN yet. Its security officer sets one: custody token pin --reset.',
  'HSM-PIN-TRIVIAL':
    'Choose at least six characters that are neither a run like 123456 nor one piece repeated like 121212.',
  'HSM-PIN-WRONG': 'Check the PIN and the token’s serial number. It is not tried again by itself.',
  'HSM-READ-ONLY':
    'Lift the write protection at the token or with its maker’s tool, or use another token. It can still be read.',
  'HSM-SERIAL-AMBIGUOUS':
    'Unplug all tokens of this serial number but the one that you mean, then repeat the step.',
  'HSM-SESSION-LOST': 'The token closed the session. Log in again.',
  'HSM-SIGNATURE-INVALID': 'Do not rely on it. Check that signature, key and data belong together.',
  'HSM-SLOT-NOT-BLANK': 'Look at the list of tokens again, and choose one that was never initialised.',
  'HSM-TIMEOUT':
    'The token did not answer in time and its helper was restarted. Log in again. A token that was being initialised may be left without its PINs: custody token pin --reset finishes it.',
  'HSM-TOKEN-ABSENT': 'Insert the token with this serial number.',
  'HSM-TOKEN-AMBIGUOUS': 'Name the token by its serial number: the detail names those that have the label.',
  'HSM-TOKEN-DAMAGED': 'The token cannot be recognised. Do not use it; keep it for examination.',
  'HSM-TOKEN-FULL': 'Remove objects that nothing needs any more, or use another token.',
  'HSM-TOKEN-UNFINISHED':
    'Finish it: its security officer sets the PINs that are missing, by custody token pin --reset with its serial number.',
  'HSM-TOKEN-UNINITIALISED': 'Initialise the token first.',
  'HSM-UNSUPPORTED': 'This token does not have the mechanism. Choose another mechanism or another token.',
  'HSM-UNKNOWN': 'The token answered with an unknown code. Look it up in the vendor’s manual.',
  'HSM-WINDOW-LOST':
    'The root key of this attempt is gone and its blobs are void. Repeat the step as a new attempt.',
  'HSM-WINDOW-OPEN': 'A trusted window is open. Commit or abandon it first.',
} as const

export type HsmErrorCode = keyof typeof remedies

/** Every code that HsmError carries, sorted: one translation each. */
export const hsmErrorCodes: readonly HsmErrorCode[] = Object.freeze(
  // Object.keys of a const object gives exactly its keys.
  (Object.keys(remedies) as HsmErrorCode[]).sort(),
)

/** Whether the error says of its code no more than is always true of it. */
export function hasStandardRemedy({ code, remedy }: Pick<HsmError, 'code' | 'remedy'>): boolean {
  return new Map<string, string>(Object.entries(remedies)).get(code) === remedy
}

/** A typed error with the standard remedy of its code. */
export function hsmError(code: HsmErrorCode, detail: string, ckr: CkrCode | null = null): HsmError {
  return new HsmError({ code, ckr, detail, remedy: remedies[code] })
}
