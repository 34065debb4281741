import { algorithms, type KeyAlgorithm, type KeyUsage } from './algorithms.ts'

/** What is done with a key, by the bits of KMIP's Cryptographic Usage Mask. */
const bits = {
  sign: 0x1,
  verify: 0x2,
  encrypt: 0x4,
  decrypt: 0x8,
  wrap: 0x10,
  unwrap: 0x20,
  mac: 0x80,
  'verify-mac': 0x100,
} as const

export type KeyUse = keyof typeof bits

const masks: Readonly<Record<KeyUsage, number>> = {
  'encrypt-decrypt': bits.encrypt | bits.decrypt,
  'sign-verify': bits.sign | bits.verify,
  'generate-verify-mac': bits.mac | bits['verify-mac'],
  'secret-data': 0,
}

/** All that a key of the algorithm is for. */
export const defaultMask = (algorithm: KeyAlgorithm): number => masks[algorithms[algorithm].usage]

/** Whether a mask lets a key be used so; null: it has none, and is for all that its usage says. */
export const allows = (mask: number | null, usage: KeyUsage, use: KeyUse): boolean =>
  ((mask ?? masks[usage]) & bits[use]) !== 0
