import type { CheckId } from '../bundle/checks.ts'
import type { Recorded } from '../bundle/recorded.ts'
import type { Verification } from '../bundle/verification.ts'
import type { Outcome } from '../documents/format/outcome.ts'
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
