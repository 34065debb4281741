export { BLOCK_FLOOR_BITS, blockBitsOf } from '../sharing/flooding.ts'
export { CANARY_MOST_BLOCKS, CANARY_PROGRAM, canaryCost, triedCanaryCost } from './budgets/canary-bounds.ts'
export { type CarryInput, carriedBudgets, checkCarried } from './budgets/carry-budget.ts'
export { answerCanary, auditCanary } from './decryption/canary.ts'
export {
  type CanaryPartial,
  type CanaryPartialRequest,
  fheCanaryPartial,
} from './decryption/canary-partial.ts'
export {
  type Carrying,
  checkCarrying,
  encodeCarried,
  isRounded,
  parseCarried,
  roundForCarrying,
} from './decryption/carry.ts'
export { decodePhases, type FheValue } from './decryption/decode.ts'
export {
  fhePartialDecrypt,
  fheThresholdDecrypt,
  type PartialDecryption,
  type PartialDecryptRequest,
  type ThresholdDecryption,
} from './decryption/partial-decrypt.ts'
export { readCiphertext, seeCiphertext } from './decryption/read-ciphertexts.ts'
export { type BlocksDone, combinePartials, partialDecrypt } from './decryption/threshold-decrypt.ts'
export { type Authorities, MAX_AUTHORITIES, NO_AUTHORITIES } from './files/authorities.ts'
export {
  type Ciphertext,
  ciphertextDigest,
  type KnownCiphertext,
  MAX_BLOCKS,
  parseCiphertext,
  type SeenCiphertext,
} from './files/ciphertext.ts'
export { encodeCorrection, encodeSeedFile, parseCorrection, parseSeedFile } from './files/correction-file.ts'
export type { FileHeader } from './files/file-header.ts'
export {
  batchDigest,
  checkRoster,
  commitmentsDigest,
  type Epoch,
  epochIdOf,
  keyIdOf,
  type PublicKeyDigests,
  type RosterEntry,
  rosterDigest,
} from './files/identifiers.ts'
export {
  encodePartial,
  encodePartialPayload,
  MAX_CIPHERTEXTS,
  type PartialContent,
  type PartialFile,
  parsePartial,
} from './files/partial-file.ts'
export { encodePublic, isIntegerKey, type PublicFile, parsePublic } from './files/public-file.ts'
export {
  encodeEnvelope,
  encodeShareEnvelope,
  forgetEnvelope,
  MAX_SHARE,
  parseShareEnvelope,
  type ShareEnvelope,
} from './files/share-envelope.ts'
export { type Budgets, encodeShare, forgetShare, parseShare } from './files/share-file.ts'
export { admitProvenList, type ProvenListInput } from './inputs/admit-list.ts'
export { parseProvenList } from './inputs/proven-list.ts'
export {
  type Admission,
  type Batch,
  checkProvenance,
  type Provenance,
  parseProvenance,
  provenMetadata,
  seenOfType,
  signProvenance,
  typeName,
} from './inputs/provenance.ts'
export { inspect } from './inspect.ts'
export { encodeBinaryKey, parseBinaryKey } from './keys/binary-key.ts'
export { parseClientKey, spliceSquashKey } from './keys/client-key.ts'
export { checkCompactPublicKey, parseCompactPublicKey } from './keys/compact-public-key.ts'
export {
  checkBudgets,
  type DealRequest,
  type DealtKey,
  dealFheKey,
  largestBudgets,
  recoverFheKey,
} from './keys/deal-key.ts'
export {
  configOf,
  type FheKeyOptions,
  type FheKeyPair,
  generateFheKeyPair,
  getFhePublicKey,
  type KeyPhase,
  seedOfChecked,
  seedWithChecksum,
} from './keys/generate-key.ts'
export { makeReferenceString, PROOF_BITS } from './keys/reference-string.ts'
export { type FheKeyType, readSecretKey } from './keys/secret-key.ts'
export type { TfheModule } from './keys/tfhe-module.ts'
export { checkSeedFile, nextShare } from './resharing/next-share.ts'
export { nextPublic, type Redealing, redealShare } from './resharing/reshare-key.ts'
export { rotateFheKey } from './resharing/rotate-key.ts'
export { barePartial, signPartial } from './shares/partial-signature.ts'
export { proveShare, type ShareProof } from './shares/prove-share.ts'
export { type ShareExpectation, type VerifiedShare, verifyShare } from './shares/verify-share.ts'
