export * from './custodian/check.ts'
export * from './custodian/release.ts'
export * from './custodian/share.ts'
export * from './custodian/statement.ts'
export * from './enrol.ts'
export {
  type AbortedFiles,
  checkAborted,
  maxCloseout,
  maxTranscript,
  saysAssembled,
  saysLive,
} from './holder/aborted-run.ts'
export { answerAct, type EpochAct, epochAct, epochActs, heartbeatAct, ownChanges } from './holder/act.ts'
export * from './holder/answer.ts'
export { approveEpoch } from './holder/approve-epoch.ts'
export * from './holder/budgets.ts'
export * from './holder/describe.ts'
export * from './holder/epoch-run.ts'
export * from './holder/file-names.ts'
export * from './holder/heartbeat.ts'
export * from './holder/heartbeat-request.ts'
export * from './holder/live.ts'
export { allLater, checkChain, checkNewest, laterVersions } from './holder/newer-policies.ts'
export * from './holder/next-share.ts'
export * from './holder/policy.ts'
export {
  acknowledge,
  checkEnvelope,
  forgetKept,
  type Keeping,
  type KeptShare,
  maxEnvelope,
  maxPublic,
  type ReceivedFiles,
  receiveShare,
} from './holder/receive.ts'
export * from './holder/received.ts'
export * from './holder/redeal.ts'
export * from './holder/seal.ts'
export * from './holder/share-file.ts'
export * from './holder/state.ts'
export type { Given, Outcome, Refused } from './outcome.ts'
export * from './person-key.ts'
export * from './phone-release.ts'
export * from './safe-text.ts'
export * from './signer/approve-plan.ts'
export { describePlan } from './signer/describe-plan.ts'
export { describePolicy, policyAct, policyLines } from './signer/describe-policy.ts'
export * from './signer/explain.ts'
export * from './signer/known-policy.ts'
export * from './signer/sign.ts'
export * from './signer/sign-decryption.ts'
export * from './signer/sign-policy.ts'
export * from './signer/sign-provenance.ts'
export * from './signer/sign-result.ts'
export * from './signer/transcript-lines.ts'
export * from './signer/witness-memory.ts'
export {
  type Line,
  line,
  sortLines,
  type Told,
  told,
  toldNames,
  type Whose,
} from './told.ts'
export * from './trusted.ts'
export * from './words.ts'
