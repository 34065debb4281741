import type { PartialDecryption } from '@lux/crypto/fhe'

type Noise = Pick<PartialDecryption, 'source' | 'blockBits' | 'floorBits' | 'belowFloor' | 'lifeBits'>

const origin: Record<Noise['source'], string> = {
  'client-key': 'encrypted with the client key',
  'public-key': 'encrypted with the compact public key',
  squashing: 'squashed',
}

/** How well an answer hides the share, and where it is below the floor: what a holder reads before saying yes. */
export function noiseLines({ source, blockBits, floorBits, belowFloor, lifeBits }: Noise): string[] {
  return [
    `noise hides each block, ${origin[source]}, by ${blockBits} bits (floor ${floorBits}); ${lifeBits.toFixed(1)} are left for the key’s life (floor 20)`,
    ...(belowFloor
      ? ['BELOW THE FLOOR: only a rehearsal answers so, and a key that did would be given away in time']
      : []),
  ]
}
