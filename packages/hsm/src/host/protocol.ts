import type { CkrCode, LibraryInfo, Token } from '../device.ts'

/** Both ends are built together; a difference means a damaged installation. */
export const protocolVersion = 1

/** Every method of Token that crosses to the host. */
export const tokenOperations = [
  'info',
  'pinState',
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
  'generateKeyPair',
  'importPublicKey',
  'publicKeySpki',
  'chooseWrapMechanism',
  'wrap',
  'unwrap',
  'unwrapToMemory',
  'encryptGcm',
  'decryptGcm',
  'signEcdsa',
  'signRsa',
  'verify',
  'hmac',
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

export type WireError = { code: string; ckr: CkrCode | null; detail: string; remedy: string }

export type ToHost =
  | { t: 'open'; version: number; generation: number; library: string }
  | { t: 'call'; id: number; op: Operation; serial: string; args: readonly unknown[] }
  | { t: 'close' }

export type FromHost =
  | { t: 'ready'; version: number; generation: number; library: LibraryInfo }
  | { t: 'failed'; error: WireError }
  | { t: 'result'; id: number; ok: true; value: unknown }
  | { t: 'result'; id: number; ok: false; error: WireError }
  | { t: 'closed' }

/**
 * How many times the ordinary deadline an operation may take: an RSA-4096 pair is a search for primes that has no upper
 * bound, and the window wraps to every destination.
 */
export function deadlineFactor(op: Operation): number {
  switch (op) {
    case 'generateKeyPair':
    case 'createTransportPair':
    case 'generateWrapped':
      return 6
    case 'openTrustedWindow':
    case 'probe':
    case 'inventory':
      return 3
    default:
      return 1
  }
}
