export { combine } from './combine.ts'
export { deal } from './deal.ts'
export { expandShare } from './expand.ts'
export {
  blockBitsOf,
  floodExponent,
  floodMessage,
  LIFE_FLOOR_BITS,
  lifeBits,
  NOISE_BOUND_LOG2,
} from './flooding.ts'
export { galoisRing, type RingElement, type Width } from './galois-ring.ts'
export { type LweBlock, ringVector } from './kernel.ts'
export { type Decryptor, openDecryptor } from './partial.ts'
export { binomial, checkQuorum, MAX_HOLDERS, maskOf, type Quorum, setsOf, setsWithout } from './quorum.ts'
export { addCorrections, checkDealers, redeal, setsDealtBy } from './reshare.ts'
export { forgetSeeds, KEY_WORDS, type SetSeeds } from './seeds.ts'
export { verifySeeds } from './verify-seeds.ts'
