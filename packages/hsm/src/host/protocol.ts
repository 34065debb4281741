import type { CkrCode, LibraryInfo, Token } from '../device.ts'

/** Both ends are built together; a difference means a damaged installation. */
export const protocolVersion = 7

/** Every method of Token that crosses to the host. */
export const tokenOperations = [
  'info',
  'pinState',
  'mechanisms',
  'trials',
  'capabilities',
  'initialise',
  'logIn',
  'logOut',
  'changePin',
  'resetUserPin',
  'inventory',
  'findById',
  'readAttributes',
  'generateAes',
  'generateHmac',
  'generateSecret',
  'generateKeyPair',
  'importPublicKey',
  'publicKeySpki',
  'chooseWrapMechanism',
  'wrap',
  'unwrap',
  'unwrapToMemory',
  'wrapKey',
  'unwrapKey',
  'importUnderWrapping',
  'encryptGcm',
  'sealGcm',
  'decryptGcm',
  'encrypt',
  'decrypt',
  'signEcdsa',
  'sign',
  'verify',
  'hmac',
  'derive',
  'random',
  'destroy',
  'probe',
  'possessionDigest',
  'generateWrapped',
  'importTrustedDestinations',
  'openTrustedWindow',
  'commitTrustedWindow',
  'abandonTrustedWindow',
  'destroyTransportKeys',
  'createTransportPair',
  'unwrapRoot',
  'destroyTransportPair',
] as const satisfies readonly Exclude<keyof Token, 'serial'>[]

export type TokenOperation = (typeof tokenOperations)[number]

export type Operation = TokenOperation | 'tokens' | 'ping'

export type WireError = { code: string; ckr: CkrCode | null; detail: string; remedy: string | null }

/**
 * Calls and answers travel as frames (frames.ts) on a pipe of their own, many in one write. One message on Node's own channel costs about
 * as much as a soft token's signature.
 */
export const framePipe = 4
/** Where Node puts its own channel, the first one after the standard three. */
export const parentChannel = 3

export type SentCall = readonly [op: Operation, serial: string, args: readonly unknown[]]

/** A call as it came, and the arrays in it: they are wiped once it is answered. */
export type WireCall = {
  readonly id: number
  readonly op: Operation
  readonly serial: string
  readonly args: readonly unknown[]
  readonly arrays: readonly Uint8Array[]
}

export type WireOutcome = readonly [value: unknown] | readonly [value: null, error: WireError]

export type ToHost =
  | {
      t: 'open'
      version: number
      generation: number
      library: string
      sha256: string | null
      initString: string | null
      sessions: number
      orphanMs: number
    }
  | { t: 'close' }

export type FromHost =
  | { t: 'ready'; version: number; generation: number; library: LibraryInfo }
  | { t: 'failed'; error: WireError }
  | { t: 'closed' }

/** Work on keys that changes nothing: several at once, each on a session of its own. All else runs alone. */
export const sharedOperations: ReadonlySet<Operation> = new Set<Operation>([
  'encrypt',
  'decrypt',
  'encryptGcm',
  'decryptGcm',
  'sign',
  'signEcdsa',
  'verify',
  'hmac',
  'wrap',
  'wrapKey',
])

/** Calls that may be repeated after a lost session, because a first try that half happened leaves nothing. */
export const repeatableOperations: ReadonlySet<Operation> = new Set<Operation>([
  ...sharedOperations,
  'info',
  'pinState',
  'mechanisms',
  'inventory',
  'findById',
  'readAttributes',
  'publicKeySpki',
  'chooseWrapMechanism',
  'possessionDigest',
  'random',
])

/** A person walks to the token and types: two minutes, where an ordinary call has 20 seconds. */
const padFactor = 6

const asksForPins: ReadonlySet<Operation> = new Set<Operation>([
  'logIn',
  'changePin',
  'resetUserPin',
  'initialise',
  'sign',
  'decrypt',
])

/** Whether the token waits for a person at its own pad; nothing can be asked of the library meanwhile. */
export function isAtPad(op: Operation, args: readonly unknown[]): boolean {
  if (!asksForPins.has(op)) return false
  return args.some(
    (arg) =>
      typeof arg === 'object' &&
      arg !== null &&
      (('pin' in arg && arg.pin === 'pin-pad') ||
        ('soPin' in arg && arg.soPin === 'pin-pad') ||
        ('pinPad' in arg && arg.pinPad === true)),
  )
}

/**
 * How many ordinary deadlines an operation may take. The search for RSA-4096 primes has no upper bound. An RSA-2048 pair may bring in known
 * keys to prove wrapping or possession. The window wraps to every destination. A token whose initialisation is cut off has no user PIN.
 */
export function deadlineFactor(op: Operation, atPad: boolean): number {
  if (atPad) return padFactor
  switch (op) {
    case 'capabilities':
    case 'probe':
      return 12
    case 'initialise':
    case 'generateKeyPair':
    case 'createTransportPair':
    case 'generateWrapped':
    case 'importUnderWrapping':
      return 6
    case 'openTrustedWindow':
    case 'commitTrustedWindow':
    case 'inventory':
    case 'chooseWrapMechanism':
    case 'generateAes':
    case 'wrap':
    case 'unwrap':
    case 'unwrapToMemory':
    case 'wrapKey':
    case 'unwrapKey':
    case 'unwrapRoot':
    case 'possessionDigest':
      return 3
    default:
      return 1
  }
}
