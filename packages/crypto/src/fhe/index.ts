export { BLOCK_FLOOR_BITS, blockBitsOf, type NoiseSource } from '../sharing/flooding.ts'
export {
  CANARY_LEAST_BLOCKS,
  CANARY_MOST_BLOCKS,
  CANARY_PROGRAM,
  type CanaryNoise,
  canaryCost,
  triedCanaryCost,
} from './budgets/canary-bounds.ts'
export { type CarryInput, carriedBudgets, checkCarried, type KeyMode } from './budgets/carry-budget.ts'
export {
  answerCanary,
  auditCanary,
  type CanaryAnswer,
  type CanaryAudit,
  type CanaryTrust,
} from './decryption/canary.ts'
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
  type PartialAuthority,
  type PartialDecryption,
  type PartialDecryptRequest,
  type ThresholdDecryption,
  type ThresholdDecryptRequest,
} from './decryption/partial-decrypt.ts'
export { readCiphertext } from './decryption/read-ciphertexts.ts'
export {
  type BlocksDone,
  combinePartials,
  partialDecrypt,
  type ThresholdResult,
} from './decryption/threshold-decrypt.ts'
export { type Authorities, MAX_AUTHORITIES, NO_AUTHORITIES } from './files/authorities.ts'
export {
  type Ciphertext,
  ciphertextDigest,
  MAX_BLOCKS,
  parseCiphertext,
  type ValueKind,
} from './files/ciphertext.ts'
export {
  type Correction,
  encodeCorrection,
  encodeSeedFile,
  parseCorrection,
  parseSeedFile,
  type RedealHeader,
  type SeedFile,
} from './files/correction-file.ts'
export { type FileHeader, mixedField } from './files/file-header.ts'
export {
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
  type PartialSignatures,
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
export { type Budgets, encodeShare, forgetShare, parseShare, type Share } from './files/share-file.ts'
export { admitProvenList, type ProvenListInput } from './inputs/admit-list.ts'
export { type ProvenList, parseProvenList } from './inputs/proven-list.ts'
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
} from './inputs/provenance.ts'
export { type Inspection, inspect } from './inspect.ts'
export { type BinaryKey, encodeBinaryKey, parseBinaryKey } from './keys/binary-key.ts'
export { type ClientKey, parseClientKey, spliceSquashKey, squashKeyFromSeed } from './keys/client-key.ts'
export {
  type CompactPublicKey,
  checkCompactPublicKey,
  parseCompactPublicKey,
} from './keys/compact-public-key.ts'
export {
  checkBudgets,
  type DealRequest,
  type DealtKey,
  dealFheKey,
  largestBudgets,
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
export { recoverFheKey } from './keys/recover-key.ts'
export { makeReferenceString, PROOF_BITS } from './keys/reference-string.ts'
export { type FheKeyType, readSecretKey, type SecretKeyWords } from './keys/secret-key.ts'
export { TFHE_LIMIT, type TfheModule } from './keys/tfhe-module.ts'
export { checkSeedFile, type NextShareInput, nextShare } from './resharing/next-share.ts'
export {
  type NextEpoch,
  type NextEpochInput,
  nextPublic,
  type Redealing,
  type RedealRequest,
  redealShare,
} from './resharing/reshare-key.ts'
export { type RotatedKey, type RotateRequest, rotateFheKey } from './resharing/rotate-key.ts'
export { barePartial, PARTIAL_CONTEXT, signPartial, verifyPartial } from './shares/partial-signature.ts'
export { type ProveShareInput, proveShare, type ShareProof } from './shares/prove-share.ts'
export { type ShareExpectation, type VerifiedShare, verifyShare } from './shares/verify-share.ts'
