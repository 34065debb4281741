export { type RunKeyChildOptions, runKeyChild } from './client.ts'
export type {
  Deal,
  DealBackup,
  DealBackupResult,
  DealResult,
  FileFact,
  KeyChildHolder,
  KeyChildRequest,
  KeyChildResult,
  Keygen,
  KeygenAndDeal,
  KeygenAndDealResult,
  KeygenResult,
  Phase,
  PhaseStart,
  Recover,
  RecoverResult,
  SampleType,
  WrappedToBackup,
} from './protocol.ts'
export { sampleTypes } from './protocol.ts'
