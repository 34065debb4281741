export { fromBase64, fromBase64Url, toBase64, toBase64Url } from './base64.ts'
export { concatBytes, equalBytes, fromUtf8, joinBytes, lp, u16be, u32be, u64be, utf8, wipe } from './bytes.ts'
export { canonicalString, encodeCanonical, type Json, parseCanonical } from './canonical-json.ts'
export { FormatError } from './format-error.ts'
export { createSha256, hkdfSha256, hmacSha256, sha256, sha256Hex } from './hash.ts'
export { fromHex, toHex } from './hex.ts'
export { consistencyProof, inclusionProof, merkleRoot, verifyConsistency, verifyInclusion } from './merkle.ts'
export { accept, type Outcome, type Refusal, refuse, type Verdict } from './outcome.ts'
export { deterministicEntropy, type Entropy } from './random.ts'
export {
  generateSealIdentity,
  isSealRecipient,
  openChunks,
  openWith,
  openWithPassphrase,
  type PassphraseOptions,
  type SealIdentity,
  sealChunks,
  sealIdentityOf,
  sealRecipient,
  sealTo,
  sealWithPassphrase,
} from './seal.ts'
export { Secret } from './secret.ts'
export { type SelfTestResult, selfTest } from './self-test.ts'
export { type Domain, signatureContext, signedMessage } from './sign/context.ts'
export {
  encodeDocument,
  parseDocument,
  type SignedDocument,
  signDocument,
  toDocument,
  verifyDocument,
  withSignature,
} from './sign/document.ts'
export { ed25519 } from './sign/ed25519.ts'
export { assembleSignature, type HybridSignature, signWith, verifySignature } from './sign/hybrid.ts'
export {
  exportIdentity,
  generateIdentity,
  importIdentity,
  type SigningIdentity,
  useSecretKey,
} from './sign/identity.ts'
export { mlDsa65 } from './sign/ml-dsa.ts'
export { p256, p256DerToRaw, p256RawToDer } from './sign/p256.ts'
export type { Scheme } from './sign/schemes.ts'
export { identityId, parseVerificationKeys, type VerificationKeys } from './sign/verification-keys.ts'
export { ecSpkiFromSec1, keyFingerprint, rsaFromSpki, rsaSpki, sec1FromEcSpki } from './spki.ts'
export { fromWords, toWords } from './words/words.ts'
export { aesGcmOpen, aesGcmSeal, aesKwpUnwrap, aesKwpWrap, aesKwUnwrap, aesKwWrap } from './wrap.ts'
