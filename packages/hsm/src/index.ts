export * from './device.ts'
export { type RolesShown, type TokenRole, tokenRoles, tryRoles } from './doctor/try-roles.ts'
export { rootCertificate, verifyAttestation } from './evidence/attestation.ts'
export type { AttestationRefusal } from './evidence/certificate.ts'
export {
  companionMessage,
  createCompanion,
  type SignedStatement,
  signStatement,
  verifyStatement,
} from './evidence/companion.ts'
export {
  type Check,
  type Evidence,
  type EvidenceLevel,
  type EvidenceReason,
  type EvidenceReasonCode,
  evidenceOf,
  evidenceReasons,
  noKeyWrap,
} from './evidence/level.ts'
export { verifyLunaAttestation } from './evidence/luna.ts'
export { confirmAsStandIn, makeStandInVendor, type StandInVendor } from './evidence/stand-in-vendor.ts'
export { verifyYubiHsmAttestation } from './evidence/yubihsm.ts'
export { defaultPadDeadlineMs, startHsm } from './host/client.ts'
export type { StartHsmOptions } from './host/host-process.ts'
export { isPassable } from './host/host-process.ts'
export { hsmError, hsmErrorCodes } from './hsm-errors.ts'
export { initialisation, mayChooseSoPin, requireHardToGuess, requireTwoPins } from './new-pin.ts'
export { preflightLibrary } from './pkcs11/library/preflight.ts'
export type { Profile } from './profiles/profile.ts'
export {
  findLibrary,
  libraryPlaces,
  profileById,
  profileOf,
  profiles,
  replicationProcedure,
  withheldVariables,
} from './profiles/profiles.ts'
export { type Said, type SayingId, said, sayings, sayingText } from './sayings.ts'
export {
  copySoftObjects,
  findSoftTokenLibrary,
  joinSoftTokens,
  softStoreOf,
  softTokenEnvironment,
} from './soft-token.ts'
export {
  childKekTemplate,
  hmacTemplate,
  rootTemplate,
  sealingTemplate,
  signingTemplate,
  windowRootTemplate,
} from './templates.ts'
export { tokenOfSerial } from './token-of-serial.ts'
export { parseTokenUri, type TokenUri } from './token-uri.ts'
