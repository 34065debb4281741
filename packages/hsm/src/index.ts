export * from './device.ts'
export * from './evidence/index.ts'
export { defaultPadDeadlineMs, startHsm } from './host/client.ts'
export type { StartHsmOptions } from './host/host-process.ts'
export { isPassable } from './host/host-process.ts'
export { type HsmErrorCode, hasStandardRemedy, hsmError, hsmErrorCodes } from './hsm-errors.ts'
export { leastNewPin, requireHardToGuess } from './new-pin.ts'
export { type Preflight, preflightLibrary } from './pkcs11/library/preflight.ts'
export { replicationProcedure } from './profiles/procedure.ts'
export type { Profile, ProfileId } from './profiles/profile.ts'
export {
  findLibrary,
  libraryEnvironment,
  libraryPlaces,
  profileById,
  profileOf,
  profileOfLibrary,
  profiles,
  withheldVariables,
} from './profiles/profiles.ts'
export { type Said, type SayingId, sayings, sayingText } from './sayings.ts'
export { copySoftObjects, joinSoftTokens, softStoreOf } from './soft-clone.ts'
export { findSoftTokenLibrary, type SoftTokenEnvironment, softTokenEnvironment } from './soft-token.ts'
export {
  childKekTemplate,
  hmacTemplate,
  rootTemplate,
  sealingTemplate,
  signingTemplate,
  windowRootTemplate,
} from './templates.ts'
export { tokenOfSerial } from './token-of-serial.ts'
export { parseTokenUri, type ReadTokenUri, type TokenUri } from './token-uri.ts'
