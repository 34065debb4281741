import type { CheckId } from '../bundle/checks.ts'
import type { Recorded } from '../bundle/recorded.ts'
import type { Verification } from '../bundle/verification.ts'
import type { Outcome } from '../documents/format/outcome.ts'
import type { EffectKind } from '../model/effects.ts'
import type { StepKind } from '../plan/plan.ts'
import { attestationsFault, checkAttestationChains, checkAttestations } from './attestation/bundle.ts'
import { backupsFault, checkBackups } from './backup/bundle.ts'
import { checkAcknowledgements, checkCommitments, checkEnvelopes, dealFault } from './dealing/bundle.ts'
import { checkDecommission, decommissionFault } from './decommission/bundle.ts'
import { checkDecryptions } from './decryption/bundle.ts'
import { checkHeartbeats, heartbeatsFault } from './heartbeat/bundle.ts'
import { checkPossession, checkTree, evidenceFault, proofsFault, treeFault } from './key/bundle.ts'
import { checkNextPolicy, nextPolicyFault } from './officers/bundle.ts'
import { checkRecovery, recoveryFault } from './recovery/bundle.ts'
import { checkReplicas, replicasFault } from './replication/bundle.ts'
import { checkEpoch, epochFault } from './resharing/bundle.ts'
import { revocationFault } from './revocation/bundle.ts'
import { markFault } from './token/bundle.ts'

type FamilyCheck = { id: CheckId; check(v: Verification): Outcome<string> | Promise<Outcome<string>> }

/** Checks that belong to one family each, in the catalogue's order: what needs no policy, */
const keyChecks: readonly FamilyCheck[] = [
  { id: 'WRAP-TREE', check: checkTree },
  { id: 'POSSESSION', check: checkPossession },
  { id: 'REPLICAS', check: checkReplicas },
  { id: 'ATTESTATIONS', check: checkAttestations },
  { id: 'BACKUPS', check: checkBackups },
  { id: 'RECOVERY', check: checkRecovery },
  { id: 'DECOMMISSION', check: checkDecommission },
]

/** the threshold key, whose files have to be there before, */
const thresholdChecks: readonly FamilyCheck[] = [
  { id: 'FHE-COMMITMENTS', check: checkCommitments },
  { id: 'FHE-ENVELOPES', check: checkEnvelopes },
  { id: 'FHE-ACKNOWLEDGEMENTS', check: checkAcknowledgements },
  { id: 'FHE-EPOCH', check: checkEpoch },
  { id: 'HEARTBEATS', check: checkHeartbeats },
]

/** and what only a policy can say. */
const policyChecks: readonly FamilyCheck[] = [
  { id: 'DECRYPTIONS', check: checkDecryptions },
  { id: 'NEXT-POLICY', check: checkNextPolicy },
  { id: 'ATTESTATION-CHAINS', check: checkAttestationChains },
]

export async function checkKeys(v: Verification): Promise<void> {
  await runAll(v, keyChecks)
}

export async function checkThresholdKey(v: Verification): Promise<void> {
  if (v.ledger.passed('MANIFEST-ENTRIES')) await runAll(v, thresholdChecks)
}

export async function checkByPolicy(v: Verification): Promise<void> {
  await runAll(v, policyChecks)
}

async function runAll(v: Verification, checks: readonly FamilyCheck[]): Promise<void> {
  for (const { id, check } of checks) await v.ledger.run(id, () => check(v))
}

/** The effect whose result the manifest is compared with, by step; null where none is. */
export const recordedAs = {
  confirm: null,
  'roll-call': null,
  'read-aloud': null,
  'clock-check': null,
  pause: null,
  'measure-machine': null,
  'initialise-token': null,
  'log-in': null,
  'probe-token': null,
  inventory: null,
  'make-ceremony-key': 'make-ceremony-key',
  'open-run': null,
  checkpoint: null,
  'generate-root': 'generate-root',
  'read-back': null,
  'generate-key': 'generate-key',
  'prove-possession': 'prove-possession',
  'replicate-root': 'prove-replica',
  attest: 'attest',
  'fhe-deal': 'fhe-deal',
  'acknowledge-holder': null,
  'take-request': null,
  'approve-request': null,
  'answer-request': null,
  'take-result': null,
  'approve-epoch': null,
  redeal: null,
  'assemble-epoch': 'assemble-epoch',
  'epoch-live': 'sign-epoch-live',
  'ask-heartbeats': 'ask-heartbeats',
  'take-heartbeats': null,
  'acknowledge-custodian': null,
  'check-shares': null,
  'check-medium': 'check-medium',
  'ask-shares': 'ask-shares',
  'give-shares': null,
  'restore-root': 'restore-root',
  'zeroise-root': 'zeroise-root',
  'sign-policy': 'read-policy',
  'revoke-keys': null,
  'decommission-root': 'zeroise-root',
  // It begins with the closing inventory; the rest of it comes after the transcript's end.
  seal: 'inventory',
  export: null,
  receipt: null,
  close: null,
} as const satisfies Record<StepKind, EffectKind | null>

/** Whether what each family's steps have recorded is what the manifest says: the first fault, or null. */
export async function recordedFault(v: Verification, recorded: readonly Recorded[]): Promise<string | null> {
  return (
    evidenceFault(v, recorded) ??
    markFault(v, recorded) ??
    treeFault(v, recorded) ??
    proofsFault(v, recorded) ??
    replicasFault(v, recorded) ??
    revocationFault(v) ??
    decommissionFault(v, recorded) ??
    attestationsFault(v, recorded) ??
    backupsFault(v, recorded) ??
    (await recoveryFault(v, recorded)) ??
    (await dealFault(v, recorded)) ??
    (await epochFault(v, recorded)) ??
    (await heartbeatsFault(v, recorded)) ??
    (await nextPolicyFault(v, recorded))
  )
}
