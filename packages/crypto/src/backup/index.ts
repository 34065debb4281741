export {
  type CustodianShare,
  checkShare,
  combineBackup,
  commitShare,
  custodianWords,
  type DealtBackup,
  dealBackup,
  readCustodianShare,
} from './custodian-shares.ts'
export { backupRules } from './rules.ts'
export {
  encodeMedium,
  type MediumHeader,
  openMedium,
  parseMedium,
  type SealedMedium,
  sealMedium,
} from './sealed-medium.ts'
export { nearestWords, readShare, type Slip39Share, writeShare } from './share-words.ts'
export { combineShares, shareSecret } from './slip39.ts'
