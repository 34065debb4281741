export type { Outcome } from '../outcome.ts'
export { type Combined, type CombineInput, combine } from './combine.ts'
export { type Deal, deal, recoverWords, type SecretWords } from './deal.ts'
export { expandShare } from './expand.ts'
export {
  BLOCK_FLOOR_BITS,
  blockBitsOf,
  blockBudget,
  budgetOf,
  COMPACT_NOISE_LOG2,
  type FloodContext,
  floodExponent,
  floodingBits,
  floodMessage,
  LIFE_FLOOR_BITS,
  lifeBits,
  NOISE_BOUND_LOG2,
  safeFloodingBits,
} from './flooding.ts'
export {
  type GaloisRing,
  galoisRing,
  holderPoint,
  lagrangeCoefficients,
  type RingElement,
  setPolynomialAt,
  type Width,
} from './galois-ring.ts'
export { hashBlocks, type LweBlock, PACKED_BLOCKS, type RingVector, ringVector } from './kernel.ts'
export { type Decryptor, type HolderPartial, openDecryptor, type PartialContext } from './partial.ts'
export {
  binomial,
  checkQuorum,
  dealersOf,
  MAX_HOLDERS,
  maskOf,
  membersOf,
  type Quorum,
  setsOf,
  setsWithout,
} from './quorum.ts'
export {
  addCorrections,
  checkDealers,
  type RedealInput,
  type Redealt,
  redeal,
  setsDealtBy,
} from './reshare.ts'
export { addSeed, commitSeed, forgetSeeds, KEY_WORDS, SEED_BYTES, type SetSeeds } from './seeds.ts'
export { verifySeeds } from './verify-seeds.ts'
