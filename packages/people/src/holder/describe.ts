import { type DecryptionRequest, inputCount, type RequestPackage } from '@lux/ceremony/wire'
import type { PartialDecryption } from '@lux/crypto/fhe'
import { LIFE_FLOOR_BITS } from '@lux/crypto/sharing'
import { type Line, line, print, type Told, told, type Whose } from '../told.ts'

/**
 * The lines of a request, from its bytes. `approvedBy`: null where approvals were not checked. `combiner` and `requester`: the names that a
 * policy gives to the receiver of the answers and to the signer; null where no policy was read.
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
    ...askedLines(payload).map((text) => print(whose, 'ciphertext', text)),
    ...given.provenance.map(({ payload: said }) =>
      line(
        whose,
        'computed',
        told('computed', `${said.program}, from ${inputCount(said)} inputs, ${said.time}`, {
          program: said.program,
          inputs: inputCount(said),
          time: said.time,
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

/** What is asked for: each ciphertext, or each batch with how many it has. */
export const askedLines = (request: DecryptionRequest): string[] =>
  request.v === 1
    ? request.ciphertexts.map(({ type, digest }) => `${type} ${digest}`)
    : request.batches.map(({ count, type, digest }) => `${count} × ${type} ${digest}`)

/** How well an answer hides the share: figures of THRESHOLD-FHE section 5. */
export type Noise = Pick<PartialDecryption, 'source' | 'blockBits' | 'floorBits' | 'belowFloor' | 'lifeBits'>

const origin: Record<Noise['source'], string> = {
  'client-key': 'encrypted with the client key',
  'public-key': 'encrypted with the compact public key',
  squashing: 'squashed',
}

/**
 * What a holder reads about how well an answer hides the share, and whether that is below the floor. `lifeFloor`: the policy's, in bits.
 * `epoch`: of the share.
 */
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

/** The same for a canary, which the floor does not bind. THRESHOLD-FHE section 7 gives the reason. */
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
  // Rounded down, so that a value below the floor never shows as the floor. A share does not say what earlier epochs spent. That is
  // estimated from the carried budget, and may be too high or too low: THRESHOLD-FHE section 5.
  const left = (Math.floor(lifeBits * 10) / 10).toFixed(1)
  const are = epoch > 0 ? 'are reckoned to be' : 'are'
  return told(
    `noise-${source}${epoch > 0 ? '-reckoned' : ''}`,
    `noise hides each block, ${origin[source]}, by ${blockBits} bits (floor ${floorBits}); ${left} ${are} left for the key’s life (floor ${lifeFloor})`,
    { block: blockBits, floor: floorBits, left, life: lifeFloor },
  )
}
