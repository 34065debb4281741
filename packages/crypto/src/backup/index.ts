export {
  type CustodianShare,
  type Custodians,
  checkShare,
  combineBackup,
  commitShare,
  custodianWords,
  type DealtBackup,
  dealBackup,
  type ExpectedShare,
  readCustodianShare,
} from './custodian-shares.ts'
export { backupRules } from './rules.ts'
export {
  encodeMedium,
  type MediumContent,
  type MediumHeader,
  openMedium,
  parseMedium,
  type SealedMedium,
  sealMedium,
} from './sealed-medium.ts'
export { nearestWords, readShare, type Slip39Share, type WordsRefusal, writeShare } from './share-words.ts'
export { combineShares, type Slip39Sharing, shareSecret } from './slip39.ts'
