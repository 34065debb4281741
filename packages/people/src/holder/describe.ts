import type { RequestPackage } from '@lux/ceremony/wire'
import type { PartialDecryption } from '@lux/crypto/fhe'
import { LIFE_FLOOR_BITS } from '@lux/crypto/sharing'
import { type Line, line, print, type Told, told, type Whose } from '../told.ts'

/**
 * A request as its bytes say it. `approvedBy` is null where approvals were not checked. Of a policy, null where none was looked at:
 * `combiner`, the name that it gives to whom the answers go, and `requester`, the one that it gives to who signed.
 */
export function describeRequest(
  given: RequestPackage,
  approvedBy: readonly string[] | null,
  { combiner, requester }: { combiner: string | null; requester: string | null } = {
    combiner: null,
    requester: null,
  },
): Line[] {
  const { payload } = given.request
  const whose: Whose = approvedBy === null ? 'unchecked' : 'proved'
  const approvals = given.approvals.length
  const approved =
    approvedBy === null
      ? told('signatures', `${approvals} signatures`, { signed: approvals })
      : approvedBy.length === 0
        ? told('nobody', 'nobody')
        : approvedBy.join(', ')
  return [
    print(whose, 'key', payload.keyId),
    print(whose, 'epoch', payload.epochId),
    ...payload.ciphertexts.map(({ digest, type }) => print(whose, 'ciphertext', `${type} ${digest}`)),
    ...given.provenance.map(({ payload: { program, inputs, time } }) =>
      line(
        whose,
        'computed',
        told('computed', `${program}, from ${inputs.length} inputs, ${time}`, {
          program,
          inputs: inputs.length,
          time,
        }),
      ),
    ),
    line(whose, 'blocks', String(payload.budget)),
    line(whose, 'expires', payload.expiry),
    combiner === null
      ? print(whose, 'answers to', `${payload.combiner.slice(0, 24)}…`)
      : line(whose, 'answers to', combiner),
    line(whose, 'approved by', approved),
    requester === null
      ? line('claimed', 'requester', payload.requester)
      : line('proved', 'requester', requester),
    line('claimed', 'what', payload.what),
    line('claimed', 'purpose', payload.purpose),
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
export function noiseLines(noise: Noise, epoch: number, lifeFloor = LIFE_FLOOR_BITS): Told[] {
  return [
    hiddenBy(noise, epoch, lifeFloor),
    ...(noise.belowFloor
      ? [
          told(
            'noise-below',
            'BELOW THE FLOOR: only a rehearsal answers so, and a key that did would be given away in time',
          ),
        ]
      : []),
    ...(noise.lifeBits < lifeFloor
      ? [
          told(
            epoch > 0 ? 'life-below-reckoned' : 'life-below',
            `BELOW THE FLOOR OF A LIFE, ${lifeFloor} bits${epoch > 0 ? ', as is reckoned' : ''}`,
            { life: lifeFloor },
          ),
        ]
      : []),
  ]
}

/** The same for a canary, which the floor does not bind: THRESHOLD-FHE section 7 says why that is borne. */
export function canaryNoiseLines(noise: Noise, epoch: number, lifeFloor = LIFE_FLOOR_BITS): Told[] {
  return [
    hiddenBy(noise, epoch, lifeFloor),
    ...(noise.belowFloor
      ? [
          told(
            'canary-below',
            `BELOW THE FLOOR OF REQUESTS, as a fresh canary always is: answer one in an epoch and no more; the new shares’ budgets are less by it`,
          ),
        ]
      : []),
  ]
}

function hiddenBy({ source, blockBits, floorBits, lifeBits }: Noise, epoch: number, lifeFloor: number): Told {
  // Rounded down: what is below the floor is not said to be on it. What earlier epochs spent is not in a share, and is reckoned from what was carried, which can be off to either side: THRESHOLD-FHE section 5.
  const left = (Math.floor(lifeBits * 10) / 10).toFixed(1)
  const are = epoch > 0 ? 'are reckoned to be' : 'are'
  return told(
    `noise-${source}${epoch > 0 ? '-reckoned' : ''}`,
    `noise hides each block, ${origin[source]}, by ${blockBits} bits (floor ${floorBits}); ${left} ${are} left for the key’s life (floor ${lifeFloor})`,
    { block: blockBits, floor: floorBits, left, life: lifeFloor },
  )
}
