import type { RequestPackage } from '@lux/ceremony/wire'
import type { PartialDecryption } from '@lux/crypto/fhe'
import { LIFE_FLOOR_BITS } from '@lux/crypto/sharing'

/** By whose word a line is: of digests and signatures that were checked, of ones that were not, or of who asks. */
export type Whose = 'proved' | 'unchecked' | 'claimed'

/** A line to read before a yes. `value` is raw: whoever shows it makes it safe for the screen. */
export type Line = { readonly whose: Whose; readonly name: string; readonly value: string }

/** A request as its bytes say it. `approvedBy` is null where approvals were not checked. */
export function describeRequest(given: RequestPackage, approvedBy: readonly string[] | null): Line[] {
  const { payload } = given.request
  const whose: Whose = approvedBy === null ? 'unchecked' : 'proved'
  const proved = (name: string, value: string): Line => ({ whose, name, value })
  const claimed = (name: string, value: string): Line => ({ whose: 'claimed', name, value })
  return [
    proved('key', payload.keyId),
    proved('epoch', payload.epochId),
    ...payload.ciphertexts.map(({ digest, type }) => proved('ciphertext', `${type} ${digest}`)),
    ...given.provenance.map(({ payload: { program, inputs, time } }) =>
      proved('computed', `${program}, from ${inputs.length} inputs, ${time}`),
    ),
    proved('blocks', String(payload.budget)),
    proved('expires', payload.expiry),
    proved('answers to', `${payload.combiner.slice(0, 24)}…`),
    proved(
      'approved by',
      approvedBy === null ? `${given.approvals.length} signatures` : approvedBy.join(', ') || 'nobody',
    ),
    claimed('requester', payload.requester),
    claimed('what', payload.what),
    claimed('purpose', payload.purpose),
  ]
}

/** How well an answer hides the share: figures of THRESHOLD-FHE section 5. */
export type Noise = Pick<PartialDecryption, 'source' | 'blockBits' | 'floorBits' | 'belowFloor' | 'lifeBits'>

const origin: Record<Noise['source'], string> = {
  'client-key': 'encrypted with the client key',
  'public-key': 'encrypted with the compact public key',
  squashing: 'squashed',
}

/** Where an answer hides the share below the floor too: what a holder reads before saying yes. `lifeFloor`: bits, of the policy. `epoch`: of the share. */
export function noiseLines(noise: Noise, epoch: number, lifeFloor = LIFE_FLOOR_BITS): string[] {
  return [
    hiddenBy(noise, epoch, lifeFloor),
    ...(noise.belowFloor
      ? ['BELOW THE FLOOR: only a rehearsal answers so, and a key that did would be given away in time']
      : []),
    ...(noise.lifeBits < lifeFloor
      ? [`BELOW THE FLOOR OF A LIFE, ${lifeFloor} bits${epoch > 0 ? ', as is reckoned' : ''}`]
      : []),
  ]
}

/** The same for a canary, which the floor does not bind: THRESHOLD-FHE section 7 says why that is borne. */
export function canaryNoiseLines(noise: Noise, epoch: number, lifeFloor = LIFE_FLOOR_BITS): string[] {
  return [
    hiddenBy(noise, epoch, lifeFloor),
    ...(noise.belowFloor
      ? [
          `BELOW THE FLOOR OF REQUESTS, as a fresh canary always is: answer one in an epoch and no more; the new shares’ budgets are less by it`,
        ]
      : []),
  ]
}

function hiddenBy(
  { source, blockBits, floorBits, lifeBits }: Noise,
  epoch: number,
  lifeFloor: number,
): string {
  // Rounded down: what is below the floor is not said to be on it. What earlier epochs spent is not in a share, and is reckoned from what was carried, which can be off to either side: THRESHOLD-FHE section 5.
  const are = epoch > 0 ? 'are reckoned to be' : 'are'
  return `noise hides each block, ${origin[source]}, by ${blockBits} bits (floor ${floorBits}); ${(Math.floor(lifeBits * 10) / 10).toFixed(1)} ${are} left for the key’s life (floor ${lifeFloor})`
}
