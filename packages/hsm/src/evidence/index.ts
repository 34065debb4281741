export { rootCertificate, verifyAttestation } from './attestation.ts'
export type { AttestationRefusal } from './certificate.ts'
export {
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
export { verifyLunaAttestation } from './luna.ts'
export { confirmAsStandIn, makeStandInVendor, type StandInVendor } from './stand-in-vendor.ts'
export { verifyYubiHsmAttestation } from './yubihsm.ts'
