import type { Json } from '@lux/crypto'

/** By what they compute, as the tokens' known answers name them: packages/hsm "known-answers". */
const wrapMechanisms: readonly Json[] = ['KWP-RFC5649', 'KW-RFC3394']
const transportMechanisms: readonly string[] = ['RSA-OAEP-SHA1', 'RSA-OAEP-SHA256']

/** Whether a key that is wrapped so is kept secret and whole. */
export function isWrapMechanism(mechanism: Json): boolean {
  return wrapMechanisms.includes(mechanism)
}

/** Whether a root that goes to a server is wrapped so. */
export function isTransportMechanism(mechanism: string): boolean {
  return transportMechanisms.includes(mechanism)
}
