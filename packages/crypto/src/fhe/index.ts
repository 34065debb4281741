export { type Authorities, NO_AUTHORITIES } from './authorities.ts'
export {
  type Ciphertext,
  ciphertextDigest,
  MAX_BLOCKS,
  parseCiphertext,
  type ValueKind,
} from './ciphertext.ts'
export { type ClientKey, parseClientKey, spliceSquashKey, squashKeyFromSeed } from './client-key.ts'
export {
  checkBudgets,
  type DealRequest,
  type DealtKey,
  dealFheKey,
  explainBudget,
  largestBudgets,
} from './deal-key.ts'
export { decodePhases, type FheValue } from './decode.ts'
export { type FileHeader, mixedField } from './file-header.ts'
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
export {
  encodePartial,
  encodePartialPayload,
  type PartialContent,
  type PartialFile,
  type PartialSignatures,
  parsePartial,
} from './partial-file.ts'
export { type ProveShareInput, proveShare, type ShareProof } from './prove-share.ts'
export { encodePublic, type PublicFile, parsePublic } from './public-file.ts'
export { encodeShareEnvelope, parseShareEnvelope, type ShareEnvelope } from './share-envelope.ts'
export { type Budgets, encodeShare, parseShare, type Share } from './share-file.ts'
export { combinePartials, partialDecrypt, type ThresholdResult } from './threshold-decrypt.ts'
export { type ShareExpectation, type VerifiedShare, verifyShare } from './verify-share.ts'
