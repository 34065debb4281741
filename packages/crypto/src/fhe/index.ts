export { BLOCK_FLOOR_BITS, blockBitsOf, type NoiseSource } from '../sharing/flooding.ts'
export { admitProvenList, type ProvenListInput } from './admit-list.ts'
export {
  fhePartialDecrypt,
  fheThresholdDecrypt,
  type PartialAuthority,
  type PartialDecryption,
  type PartialDecryptRequest,
  type ThresholdDecryption,
  type ThresholdDecryptRequest,
} from './api.ts'
export { type Authorities, MAX_AUTHORITIES, NO_AUTHORITIES } from './authorities.ts'
export { type BinaryKey, encodeBinaryKey, parseBinaryKey } from './binary-key.ts'
export {
  answerCanary,
  auditCanary,
  type CanaryAnswer,
  type CanaryAudit,
  type CanaryTrust,
} from './canary.ts'
export {
  CANARY_LEAST_BLOCKS,
  CANARY_MOST_BLOCKS,
  CANARY_PROGRAM,
  type CanaryNoise,
  canaryCost,
  triedCanaryCost,
} from './canary-bounds.ts'
export { type CanaryPartial, type CanaryPartialRequest, fheCanaryPartial } from './canary-partial.ts'
export {
  type Carrying,
  checkCarrying,
  encodeCarried,
  isRounded,
  parseCarried,
  roundForCarrying,
} from './carry.ts'
export { type CarryInput, carriedBudgets, checkCarried, type KeyMode } from './carry-budget.ts'
export {
  type Ciphertext,
  ciphertextDigest,
  MAX_BLOCKS,
  parseCiphertext,
  type ValueKind,
} from './ciphertext.ts'
export { type ClientKey, parseClientKey, spliceSquashKey, squashKeyFromSeed } from './client-key.ts'
export { type CompactPublicKey, checkCompactPublicKey, parseCompactPublicKey } from './compact-public-key.ts'
export {
  type Correction,
  encodeCorrection,
  encodeSeedFile,
  parseCorrection,
  parseSeedFile,
  type RedealHeader,
  type SeedFile,
} from './correction-file.ts'
export {
  checkBudgets,
  type DealRequest,
  type DealtKey,
  dealFheKey,
  largestBudgets,
} from './deal-key.ts'
export { decodePhases, type FheValue } from './decode.ts'
export { type FileHeader, mixedField } from './file-header.ts'
export {
  configOf,
  type FheKeyOptions,
  type FheKeyPair,
  generateFheKeyPair,
  getFhePublicKey,
  type KeyPhase,
  seedOfChecked,
  seedWithChecksum,
} from './generate-key.ts'
export {
  checkRoster,
  commitmentsDigest,
  type Epoch,
  epochIdOf,
  keyIdOf,
  type PublicKeyDigests,
  type RosterEntry,
  rosterDigest,
} from './identifiers.ts'
export { type Inspection, inspect } from './inspect.ts'
export { checkSeedFile, type NextShareInput, nextShare } from './next-share.ts'
export {
  encodePartial,
  encodePartialPayload,
  MAX_CIPHERTEXTS,
  type PartialContent,
  type PartialFile,
  type PartialSignatures,
  parsePartial,
} from './partial-file.ts'
export { barePartial, PARTIAL_CONTEXT, signPartial, verifyPartial } from './partial-signature.ts'
export { type ProveShareInput, proveShare, type ShareProof } from './prove-share.ts'
export { type ProvenList, parseProvenList } from './proven-list.ts'
export {
  type Admission,
  checkProvenance,
  PROVENANCE_CONTEXT,
  type Provenance,
  type ProvenanceExpectation,
  type ProvenanceInput,
  parseProvenance,
  provenMetadata,
  signProvenance,
  typeName,
  type Vouched,
} from './provenance.ts'
export { encodePublic, isIntegerKey, type PublicFile, parsePublic } from './public-file.ts'
export { readCiphertext } from './read-ciphertext.ts'
export { recoverFheKey } from './recover-key.ts'
export { makeReferenceString, PROOF_BITS } from './reference-string.ts'
export {
  type NextEpoch,
  type NextEpochInput,
  nextPublic,
  type Redealing,
  type RedealRequest,
  redealShare,
} from './reshare-key.ts'
export { type RotatedKey, type RotateRequest, rotateFheKey } from './rotate-key.ts'
export { type FheKeyType, readSecretKey, type SecretKeyWords } from './secret-key.ts'
export {
  encodeEnvelope,
  encodeShareEnvelope,
  forgetEnvelope,
  MAX_SHARE,
  parseShareEnvelope,
  type ShareEnvelope,
} from './share-envelope.ts'
export { type Budgets, encodeShare, forgetShare, parseShare, type Share } from './share-file.ts'
export { TFHE_LIMIT, type TfheModule } from './tfhe-module.ts'
export { combinePartials, partialDecrypt, type ThresholdResult } from './threshold-decrypt.ts'
export { type ShareExpectation, type VerifiedShare, verifyShare } from './verify-share.ts'
