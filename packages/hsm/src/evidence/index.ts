export { rootCertificate, verifyAttestation } from './attestation.ts'
export {
  type AttestationRefusal,
  type AttestationRule,
  attestationRules,
} from './certificate.ts'
export {
  type CompanionStatement,
  companionMessage,
  createCompanion,
  type SignedStatement,
  signStatement,
  verifyStatement,
} from './companion.ts'
export {
  type Check,
  type Evidence,
  type EvidenceLevel,
  type EvidenceReason,
  type EvidenceReasonCode,
  evidenceOf,
  evidenceReasons,
} from './level.ts'
export { type LunaAttestation, verifyLunaAttestation } from './luna.ts'
export { confirmAsStandIn, makeStandInVendor, type StandInVendor } from './stand-in-vendor.ts'
export { verifyYubiHsmAttestation, type YubiHsmAttestation, type YubiHsmClaims } from './yubihsm.ts'
