import type { Plan } from '@lux/ceremony/plan'
import { BLOCK_FLOOR_BITS, blockBitsOf } from '@lux/crypto/fhe'

export type StandInNoise = { blockBits: number; floorBits: number; belowFloor: boolean }

/**
 * How well the answers of stand-in holders hide their shares: stand-ins encrypt with the compact public key, the only one
 * that is there. At any quorum that is below the floor of a real key. THRESHOLD-FHE section 5.
 */
export function standInNoise(quorum: { t: number; n: number }): StandInNoise {
  const blockBits = blockBitsOf(quorum, 'public-key')
  return { blockBits, floorBits: BLOCK_FLOOR_BITS, belowFloor: blockBits < BLOCK_FLOOR_BITS }
}

/** Of all decryptions of a rehearsal, at its least; null where stand-ins encrypt nothing. */
export function rehearsedNoise({ fhe, reshare, decryptions = [] }: Plan): StandInNoise | null {
  if (fhe?.mode !== 'F' || decryptions.length === 0) return null
  const quorums = [fhe, ...(reshare === undefined ? [] : [reshare])].map(standInNoise)
  return quorums.reduce((least, one) => (one.blockBits < least.blockBits ? one : least))
}
