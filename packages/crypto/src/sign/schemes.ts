import type { Entropy } from '../random.ts'
import { ed25519 } from './ed25519.ts'
import { mlDsa65 } from './ml-dsa.ts'
import { p256, p256DerFault } from './p256.ts'

/** The signature schemes an identity may combine, in the order in which they are always taken. */
export type Scheme = 'p256' | 'ed25519' | 'mlDsa65'

type SchemeFunctions = {
  readonly publicKeyLength: number
  readonly isPublicKey: (publicKey: Uint8Array) => boolean
  /** A reason why the signature is refused before it is verified, or null. */
  readonly signatureFault: (signature: Uint8Array) => 'malformed' | 'high-s' | null
  readonly generate: (entropy: Entropy) => Uint8Array
  readonly publicKey: (secretKey: Uint8Array) => Uint8Array
  readonly sign: (secretKey: Uint8Array, message: Uint8Array) => Uint8Array
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
}

export const schemeNames: readonly Scheme[] = ['p256', 'ed25519', 'mlDsa65']

export const schemes: Readonly<Record<Scheme, SchemeFunctions>> = {
  p256: {
    ...p256,
    publicKeyLength: 65,
    signatureFault: (signature) => {
      const fault = p256DerFault(signature)
      return fault === 'not-der' ? 'malformed' : fault
    },
  },
  ed25519: {
    ...ed25519,
    publicKeyLength: 32,
    signatureFault: (signature) => (signature.length === 64 ? null : 'malformed'),
  },
  mlDsa65: {
    ...mlDsa65,
    publicKeyLength: 1952,
    isPublicKey: (publicKey) => publicKey.length === 1952,
    signatureFault: (signature) => (signature.length === 3309 ? null : 'malformed'),
  },
}

/** Bytes of every scheme's secret key. */
export const secretKeyLength = 32
